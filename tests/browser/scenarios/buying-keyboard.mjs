// Buying with the keyboard alone, from the product to the payment; one always sees where one is.

import { assert, eventually, scenario } from "../scenario.mjs";
import { PASSWORD, UNKNOWN, goods, newcomer, tokenOf } from "../trade.mjs";

const person = await newcomer();
const lamp = await goods({ token: await tokenOf("seller") });

const play = async ({ page, open }) => {
  /** Press Tab until what has the focus is called so; every stop on the way has to be seen. */
  const tabTo = async (name, most = 60) => {
    for (let step = 0; step < most; step += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const node = document.activeElement;
        const label = node.labels?.[0]?.textContent ?? "";
        const drawn = [node, node.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
        drawn.push(getComputedStyle(node, "::after"));
        return {
          name: (node.getAttribute("aria-label") ?? "") || label || node.textContent,
          seen:
            node === document.body ||
            drawn.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0),
        };
      });
      assert.ok(at.seen, `the focus is seen at ${at.name}`);
      if (name.test(at.name)) return;
    }
    throw new Error(`Tab does not lead to ${name}`);
  };

  await open(`/?product=${lamp.id}`);
  await page.locator("#buy").waitFor();
  await tabTo(/^Add to cart$/);
  await page.keyboard.press("Enter");
  await page.getByText("Added for").waitFor();
  await tabTo(/^See the cart$/);
  await page.keyboard.press("Enter");
  await page.locator("#cart .lines").waitFor();
  await tabTo(/^One more/);
  await page.keyboard.press("Space");
  await eventually(async () => assert.equal(await page.locator("#cart output").innerText(), "2"));
  const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? "");
  assert.match(await focus(), /^One more/, "the focus stays on what was pressed");
  await tabTo(/^Check out$/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Log in or make an account" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await tabTo(/^Log in or make an account$/);
  await page.keyboard.press("Enter");
  await page.locator("#entrance form").waitFor();
  await page.keyboard.type(person.email);
  await tabTo(/^Password$/);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("radio", { name: /Ann Example/ }).waitFor();
  await tabTo(/Ann Example/);
  await tabTo(/^Place the order/);
  await page.keyboard.press("Enter");
  await page.getByText(/pieces are kept for \d/).waitFor();
  await tabTo(/^Pay £/);
  await page.keyboard.press("Enter");
  await page.getByText("No money moves").waitFor();
  await tabTo(/^Fail$/);
  await page.keyboard.press("Enter");
  await page.getByText("The payment failed").waitFor();
  await tabTo(/^Pay £/);
  await page.keyboard.press("Enter");
  await page.getByText("No money moves").waitFor();
  await tabTo(/^Pay £/);
  await page.keyboard.press("Space");
  await page.getByRole("status").getByText("Paid", { exact: true }).waitFor();
};

await scenario(play, { expected: new RegExp(UNKNOWN) });
