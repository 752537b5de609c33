// Every page of buying on a phone 360 pixels wide, where nothing sticks out, and what a machine can check of WCAG.

import { assert, axe, eventually, scenario } from "../scenario.mjs";
import { UNKNOWN, comeIn, goods, newcomer, putIn, ship, tokenOf } from "../trade.mjs";

const WIDTH = 360;
const AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PHONE = { viewport: { width: WIDTH, height: 780 }, hasTouch: true, isMobile: true };

for (const [colorScheme, runOnly] of [
  ["light", AA],
  ["dark", { type: "rule", values: ["color-contrast"] }],
]) {
  const token = await tokenOf("seller");
  const [person, lamp] = [await newcomer(), await goods({ token })];
  await scenario(
    async ({ page, open }) => {
      const check = async (what) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= WIDTH, `${what} is ${wide} wide on ${WIDTH}`);
        if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
        const { violations } = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), runOnly);
        const told = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
        assert.deepEqual(told, [], `${what} in ${colorScheme}`);
      };
      await putIn(page, open, lamp);
      await check("the product");
      await page.getByRole("button", { name: "See the cart" }).tap();
      await page.locator("#cart .lines").waitFor();
      await page.getByText("I have a voucher").tap();
      await check("the cart");
      await page.getByRole("button", { name: "Check out" }).tap();
      await page.getByRole("button", { name: "Log in or make an account" }).waitFor();
      await check("who are you");
      await page.getByRole("button", { name: "Log in or make an account" }).tap();
      await page.getByRole("button", { name: "Log in as a shopper" }).waitFor();
      await check("logging in");
      await page.getByRole("button", { name: "Make an account", exact: true }).tap();
      await check("registering");
      await page.keyboard.press("Escape");
      await comeIn(page, open, person.email);
      await page.getByText("No orders yet").waitFor();
      await check("no orders");
      await putIn(page, open, lamp);
      await open("/checkout");
      await page.getByRole("button", { name: /^Place the order/ }).waitFor();
      await page.getByRole("button", { name: "Another address" }).tap();
      await page.getByRole("button", { name: "Save the address" }).tap();
      await eventually(async () =>
        assert.equal(await page.getByRole("textbox", { name: "Name" }).getAttribute("aria-invalid"), "true"),
      );
      await check("checkout");
      await page.getByRole("button", { name: /^Place the order/ }).tap();
      await page.getByRole("button", { name: /^Pay/ }).tap();
      await page.getByText("No money moves").waitFor();
      await check("paying");
      await page.locator("#test-fail").tap();
      await page.getByText("The payment failed").waitFor();
      await check("a payment that failed");
      await page.getByRole("button", { name: /^Pay/ }).tap();
      await page.locator("#test-pay").tap();
      await page.getByRole("status").getByText("Paid", { exact: true }).waitFor();
      await page.getByText("Cancel this order or a part of it").tap();
      const order = new URL(page.url()).pathname.split("/").at(-1);
      await check("the order");
      await ship({ token, order, tracking: "00340434161094042557" });
      await page.getByRole("button", { name: "I have received it" }).waitFor();
      await check("the parcel");
      for (const name of ["Profile", "Orders", "Addresses", "Favourites", "Security"]) {
        await page.getByRole("link", { name, exact: true }).tap();
        await page.locator(".account-parts [aria-current]", { hasText: name }).waitFor();
        await check(name);
      }
    },
    { ...PHONE, colorScheme, expected: new RegExp(UNKNOWN) },
  );
}
