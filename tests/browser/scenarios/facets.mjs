// Filters narrow the results, their counts are true, and ticking one value does not hide its neighbours.

import { ask, assert, eventually, found, ids, scenario, word } from "../scenario.mjs";

await scenario(async ({ page, open }) => {
  const q = await word();
  const all = await ask("/v1/search", { q });
  await open(`/?q=${q}`);
  await eventually(async () => assert.equal(await found(page), all.total));

  const brands = page.locator("fieldset", { has: page.getByText("Brand", { exact: true }) });
  const names = () => brands.locator(".tick-label").allInnerTexts();
  const before = await names();
  const { value: brand, count } = all.facets.brand.find(({ value }) => value);
  await brands.getByLabel(brand).check();
  await eventually(async () => assert.equal(await found(page), count));
  assert.ok(count < all.total);
  assert.deepEqual(new Set(await page.locator("#hits .brand").allInnerTexts()), new Set([brand]));
  assert.deepEqual(await names(), before);
  assert.equal(await page.evaluate(() => document.activeElement.id), `brand-${encodeURIComponent(brand)}`);

  // A second filter on top: the price, typed in pounds and sent in pence.
  const prices = (await ask("/v1/search", { q, brand, size: 100 })).hits
    .map((hit) => hit.price.minor)
    .sort((a, b) => a - b);
  const limit = prices[Math.floor(prices.length / 2)];
  await page.getByLabel("Highest price").fill(String(limit / 100));
  await page.keyboard.press("Enter");
  await eventually(async () => assert.equal(await found(page), prices.filter((price) => price <= limit).length));
  assert.equal(new URL(page.url()).searchParams.get("price_max"), String(limit));

  await page.getByRole("button", { name: "Clear all" }).click();
  await eventually(async () => assert.equal(await found(page), all.total));

  // Categories are a tree: a level below takes the place of the one above.
  const path = all.facets.category.map(({ value }) => value).find((value) => value.includes(" > "));
  const [parent, child] = path.split(" > ");
  const categories = page.locator("fieldset", { has: page.getByText("Category", { exact: true }) });
  await categories.locator(`[id="category-${encodeURIComponent(parent)}"]`).check();
  const below = await ask("/v1/search", { q, category: parent });
  await eventually(async () => assert.equal(await found(page), below.total));
  await categories.locator(`[id="category-${encodeURIComponent(`${parent} > ${child}`)}"]`).check();
  await eventually(async () =>
    assert.deepEqual(new URL(page.url()).searchParams.getAll("category"), [`${parent} > ${child}`]),
  );
  const leaf = await ask("/v1/search", { q, category: `${parent} > ${child}` });
  await eventually(async () => assert.equal(await found(page), leaf.total));

  // Sorting, and more of the results.
  await open("/?sort=-popularity");
  await page.getByLabel("Sort").selectOption("price");
  const cheapest = await ask("/v1/search", { sort: "price", size: 48 });
  const order = cheapest.hits.map((hit) => hit.id);
  await eventually(async () => assert.deepEqual(await ids(page, "#hits"), order.slice(0, 24)));
  await page.getByRole("button", { name: "Show more" }).click();
  await eventually(async () => assert.deepEqual(await ids(page, "#hits"), order));
  await page.reload();
  await eventually(async () => assert.deepEqual(await ids(page, "#hits"), order));
});
