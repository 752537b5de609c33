// The first page is the shopper's own: other shoppers, other rows; and it follows what a guest looks at, at once.

import { ask, assert, eventually, ids, scenario } from "../scenario.mjs";

await scenario(async ({ page, open }) => {
  const { shoppers } = await ask("/v1/shoppers/samples");
  assert.ok(shoppers.length >= 2, "the sample shop has shoppers to try");
  const picker = page.getByLabel("Shopping as");
  // What a shopper is shown is what the API recommends to that shopper.
  const shown = (key) =>
    eventually(async () => {
      const { rows } = await ask("/v1/recommendations/home", { shopper: key, size: 12 });
      const expected = rows.flatMap((row) => row.items.map((item) => item.id));
      assert.ok(expected.length > 0);
      assert.deepEqual(await ids(page, "#rows"), expected);
      return expected;
    });

  await open();
  const seen = [];
  for (const { key, label } of shoppers.slice(0, 2)) {
    await picker.selectOption({ label });
    seen.push(await shown(key));
  }
  assert.notDeepEqual(seen[0], seen[1]);
  await page.reload();
  await eventually(async () => assert.equal(await picker.inputValue(), shoppers[1].key));
  await shown(shoppers[1].key);

  // A new guest, of whom the shop knows nothing.
  await page.getByRole("button", { name: "New guest" }).click();
  const guest = await picker.inputValue();
  assert.match(guest, /^guest-[0-9a-f]{20}$/);
  const before = await shown(guest);

  // The guest looks at a few things of one kind.
  const { facets } = await ask("/v1/search", { size: 1 });
  const kind = facets.category.filter(({ value, count }) => value.includes(" > ") && count >= 3).at(-1).value;
  await open(`/?category=${encodeURIComponent(kind)}`);
  const looked = (
    await eventually(async () => {
      const found = await ids(page, "#hits");
      assert.ok(found.length >= 3);
      return found;
    })
  ).slice(0, 3);
  for (const id of looked) {
    const noted = page.waitForResponse((answer) => answer.url().endsWith("/v1/events"));
    await page.locator(`#hits a[data-product="${id}"]`).click();
    assert.equal((await noted).status(), 202);
    await page.keyboard.press("Escape");
    await page.locator("#product").waitFor({ state: "hidden" });
  }
  await page.getByRole("link", { name: "Merx" }).click();
  const after = await shown(guest);
  assert.notDeepEqual(after, before);
  const of = async (all) => {
    const products = await Promise.all(
      [...new Set(all)].map((id) => ask(`/v1/products/${encodeURIComponent(id)}`)),
    );
    return products.filter((product) => product.category.join(" > ").startsWith(kind.split(" > ")[0])).length;
  };
  assert.ok((await of(after)) > (await of(before)), `more of ${kind} after looking at it`);

  // On the first page itself the rows change while the product is still open.
  const noted = page.waitForResponse((answer) => answer.url().includes("/v1/recommendations/home"));
  await page.locator("#rows a[data-product]").nth(1).click();
  await noted;
  await shown(guest);
});
