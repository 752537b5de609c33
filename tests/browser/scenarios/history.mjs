// The address is the state: back and forward, reload, and a link that somebody was sent.

import { ask, assert, eventually, found, ids, scenario, word } from "../scenario.mjs";

await scenario(async ({ page, open }) => {
  const q = await word();
  const all = await ask("/v1/search", { q });
  const brand = all.facets.brand.find(({ value }) => value);
  const box = page.getByRole("combobox", { name: "Search the shop" });
  const shows = (total) => eventually(async () => assert.equal(await found(page), total));

  await open();
  await box.pressSequentially(q, { delay: 150 });
  await page.keyboard.press("Enter");
  await shows(all.total);
  await page.locator("#filters").getByLabel(brand.value, { exact: false }).first().check();
  await shows(brand.count);
  const [first] = await ids(page, "#hits");
  await page.locator("#hits a").first().click();
  await page.locator("#product h1").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("product"), first);

  await page.goBack();
  await page.locator("#product").waitFor({ state: "hidden" });
  assert.equal(await found(page), brand.count);
  await page.goBack();
  await shows(all.total);
  assert.equal(
    await page.locator("#filters").getByLabel(brand.value, { exact: false }).first().isChecked(),
    false,
  );
  // The letters of one query are one step.
  await page.goBack();
  await page.locator("#home").waitFor();
  assert.equal(await box.inputValue(), "");

  for (let step = 0; step < 3; step += 1) await page.goForward();
  await page.locator("#product h1").waitFor();
  assert.equal(await box.inputValue(), q);
  await page.reload();
  await page.locator("#product h1").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#product").waitFor({ state: "hidden" });
  await shows(brand.count);
  assert.equal(new URL(page.url()).searchParams.get("product"), null);

  await open();
  // Without Enter the word may be unfinished: what it found stays while a product is looked at.
  const beginning = q.slice(0, -1);
  await box.pressSequentially(beginning, { delay: 20 });
  const begun = await ask("/v1/search", { q: beginning, prefix: "true" });
  await shows(begun.total);
  await page.locator("#hits a").first().click();
  await page.locator("#product h1").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#product").waitFor({ state: "hidden" });
  await shows(begun.total);
  await page.goBack();
  await page.locator("#home").waitFor();
  assert.equal(await box.inputValue(), "");
});
