// Everything with the keyboard alone, and one always sees where one is.

import { assert, eventually, ids, scenario, word } from "../scenario.mjs";

await scenario(async ({ page, open }) => {
  const q = await word();
  const offered = page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await open();
  await page.locator("#rows article").first().waitFor();
  const focus = () =>
    page.evaluate(() => {
      const { id, className, dataset, type } = document.activeElement;
      return { id, className, type, product: dataset.product ?? "" };
    });
  /** Press Tab until the focus is where `there` says; every stop on the way has to be seen. */
  const tabTo = async (there, most = 80) => {
    for (let step = 0; step < most; step += 1) {
      await page.keyboard.press("Tab");
      const at = await focus();
      const ring = await page.evaluate(() => {
        // A ring is drawn on what has the focus, or, for controls that are hidden below a label, on what is shown.
        const node = document.activeElement;
        const next = node.nextElementSibling;
        const drawn = [getComputedStyle(node), getComputedStyle(node, "::after"), next && getComputedStyle(next)];
        const around = node.closest(".amount");
        if (around) drawn.push(getComputedStyle(around));
        return drawn.some((style) => style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
      });
      assert.ok(ring, `the focus is seen at ${JSON.stringify(at)}`);
      if (there(at)) return at;
    }
    throw new Error("Tab does not lead there");
  };

  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the products");
  await tabTo(({ id }) => id === "q");
  await page.keyboard.type(q, { delay: 20 });
  await eventually(async () => assert.ok((await offered.count()) > 0));
  await page.keyboard.press("Escape");
  assert.equal(await offered.count(), 0);
  assert.equal(await page.locator("#q").inputValue(), q, "Escape closes the list first");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.ok((await ids(page, "#hits")).length > 0));

  const { id: brand } = await tabTo(({ id }) => id.startsWith("brand-"));
  await page.keyboard.press("Space");
  await eventually(async () => assert.equal(new URL(page.url()).searchParams.getAll("brand").length, 1));
  await eventually(async () => assert.equal(await page.locator("#hits").getAttribute("aria-busy"), "false"));
  assert.equal((await focus()).id, brand, "the focus stays on what was ticked");

  const { product } = await tabTo((at) => at.product !== "");
  await page.keyboard.press("Enter");
  await page.locator("#product h1").waitFor();
  await eventually(async () => assert.equal((await focus()).id, "product-title"));
  await tabTo(({ className }) => className.includes("buy"));
  await page.keyboard.press("Enter");
  await page.getByText("Added for").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#product").waitFor({ state: "hidden" });
  assert.equal((await focus()).product, product, "back on the card that was opened");
  await tabTo(({ className, type }) => className === "" && type === undefined); // the next "Why this?"
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#hits details[open]").count(), 1);

  // On the first page the rows are drawn anew while a product is open: the focus is not lost with the old card.
  await open();
  await page.locator("#rows article").first().waitFor();
  const before = await page.locator("#rows a[data-product]").first().elementHandle();
  await before.focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.equal(await before.evaluate((link) => link.isConnected), false));
  await page.keyboard.press("Escape");
  await page.locator("#product").waitFor({ state: "hidden" });
  const { id: landed, product: card } = await focus();
  assert.ok(landed === "main" || card !== "", "the focus is in the page");
});
