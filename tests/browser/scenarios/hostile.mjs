// Whatever comes in, from the address, the box or a product, is text.

import { assert, eventually, scenario } from "../scenario.mjs";

const ATTACKS = [
  `<img src=x onerror="window.hit=1">`,
  `"><script>window.hit=1</script>`,
  `javascript:window.hit=1`,
  `{{constructor.constructor("window.hit=1")()}}`,
  "'; DROP TABLE products; --",
];

await scenario(
  async ({ page, open }) => {
    for (const attack of ATTACKS) {
      await open(
        `/?q=${encodeURIComponent(attack)}&brand=${encodeURIComponent(attack)}&category=${encodeURIComponent(attack)}`,
      );
      await eventually(async () => assert.equal(await page.locator("#results-title").innerText(), `“${attack}”`));
      await page
        .getByRole("button", { name: `Remove the filter ${attack}` })
        .first()
        .waitFor();
      assert.equal(
        await page.locator(`fieldset input:checked[id="brand-${encodeURIComponent(attack)}"]`).count(),
        1,
      );
    }
    await open();
    const box = page.getByRole("combobox", { name: "Search the shop" });
    for (const attack of ATTACKS) {
      await box.fill(attack);
      await eventually(async () => assert.equal(await page.locator("#results-title").innerText(), `“${attack}”`));
    }
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.equal(await page.locator("img[src='x'], main script, main [onerror]").count(), 0);
    // The browser itself would refuse markup made from text.
    const refused = await page.evaluate(() => {
      try {
        document.createElement("p").innerHTML = "<b>text</b>";
        return "";
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(refused, "TypeError");
  },
  { expected: /TrustedHTML/ },
);
