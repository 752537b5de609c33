// On a phone, 380 pixels wide, nothing sticks out and everything is there.

import { assert, eventually, ids, scenario, word } from "../scenario.mjs";

const WIDTH = 380;

await scenario(
  async ({ page, open }) => {
    const q = await word();
    const fits = async (what) => {
      // A phone's window grows with what sticks out, so it is no measure.
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= WIDTH, `${what} is ${wide} wide on ${WIDTH}`);
    };
    await open();
    await page.locator("#rows article").first().waitFor();
    await fits("the first page");
    await page.getByRole("combobox", { name: "Search the shop" }).fill(q);
    await eventually(async () => assert.ok((await ids(page, "#hits")).length > 0));
    await page.keyboard.press("Enter");
    await fits("the results");

    const filters = page.locator("#filters");
    assert.equal(await filters.isVisible(), false);
    await page.getByRole("button", { name: "Filters" }).tap();
    assert.equal(await filters.isVisible(), true);
    await filters.locator("[id^='brand-']").first().tap();
    await eventually(async () => assert.equal(await page.locator("#filter-word").innerText(), "Filters (1)"));
    await fits("the filters");
    await page.getByRole("button", { name: "Filters" }).tap();

    await page.locator("#hits a").first().tap();
    await page.locator("#product h1").waitFor();
    const dialog = await page.locator("#product").boundingBox();
    assert.ok(dialog.x >= 0 && dialog.x + dialog.width <= WIDTH);
    assert.ok(
      await page.locator("#product").evaluate((node) => node.scrollWidth <= node.clientWidth),
      "the product fits",
    );
    await page.getByRole("button", { name: "Close the product" }).tap();
    await page.locator("#product").waitFor({ state: "hidden" });

    // In Chinese: titles that have a Chinese form show it, and it alone.
    await page.getByText("中文").tap();
    const titles = await page
      .locator("#hits .card-link")
      .evaluateAll((links) =>
        links.map((link) => [link.innerText, link.querySelector("[lang=zh-Hans]")?.textContent]),
      );
    assert.ok(titles.some(([, chinese]) => chinese));
    for (const [shown, chinese] of titles) if (chinese) assert.equal(shown, chinese);
    await page.reload();
    await eventually(async () => assert.equal(await page.locator("html").getAttribute("data-language"), "zh"));
    await fits("the page in Chinese");
  },
  { viewport: { width: WIDTH, height: 800 }, hasTouch: true, isMobile: true },
);
