// What a machine can check of WCAG 2.2 AA: names, roles, order and contrast; in dark, what is other there: contrast.

import { assert, axe, eventually, ids, scenario, word } from "../scenario.mjs";

const AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const RULES = { light: AA, dark: { type: "rule", values: ["color-contrast"] } };

for (const [colorScheme, runOnly] of Object.entries(RULES)) {
  await scenario(
    async ({ page, open }) => {
      const check = async (what) => {
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(
          (rules) => window.axe.run({ runOnly: rules, resultTypes: ["violations"] }),
          runOnly,
        );
        const told = violations.map(
          ({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html} ${nodes[0].failureSummary}`,
        );
        assert.deepEqual(told, [], `${what} in ${colorScheme}`);
      };
      await open();
      await page.locator("#rows article").first().waitFor();
      await check("the first page");
      const q = await word();
      await open(`/?q=${q}&in_stock=true`);
      await eventually(async () => assert.ok((await ids(page, "#hits")).length > 0));
      await page.locator("#hits summary").first().click();
      await page.locator("#q").press("ArrowDown");
      await page.locator("#suggestions li").first().waitFor();
      await page.keyboard.press("ArrowDown");
      await check("the results with suggestions");
      await page.keyboard.press("Escape");
      await page.locator("#hits a").first().click();
      await page.locator("#product-rows article").first().waitFor();
      await page.getByRole("button", { name: "Add to cart" }).click();
      await check("the product");
      await page.getByRole("button", { name: "See the cart" }).click();
      await page.locator("#cart .lines").waitFor();
      await check("the cart");
    },
    { colorScheme },
  );
}
