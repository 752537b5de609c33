// How a query was read is told, and can be taken back; long filters can be searched; what is asked for is in sight.

import { ask, assert, axe, eventually, found, ids, scenario, word } from "../scenario.mjs";

// A word of the shop with one letter left out, which nothing has, but which the shop corrects.
async function mistyped() {
  const right = await word();
  for (let place = 1; place < right.length; place += 1) {
    const wrong = right.slice(0, place) + right.slice(place + 1);
    const answer = await ask("/v1/search", { q: wrong });
    const literal = await ask("/v1/search", { q: wrong, literal: "true" });
    if (answer.corrected && answer.total > 0 && literal.total !== answer.total) return { right, wrong, answer };
  }
  throw new Error(`no mistake in ${right} is corrected`);
}

await scenario(async ({ page, open }) => {
  const { right, wrong, answer } = await mistyped();
  await open(`/?q=${wrong}`);
  await eventually(async () => assert.equal(await found(page), answer.total));
  const notice = page.locator("#notice");
  assert.equal(await notice.innerText(), `Showing results for ${answer.corrected}. Search instead for ${wrong}`);
  const marked = await page.locator("#hits mark").allInnerTexts();
  assert.ok(marked.length > 0, "what was corrected is marked as well");

  // As it stands: the address says so, and another query is read as ever.
  await page.getByRole("button", { name: wrong, exact: true }).click();
  const literal = await ask("/v1/search", { q: wrong, literal: "true" });
  await eventually(async () => assert.equal(await found(page), literal.total));
  assert.equal(new URL(page.url()).searchParams.get("literal"), wrong);
  await page.getByRole("button", { name: "Remove the filter Exactly these words" }).click();
  await eventually(async () => assert.equal(await found(page), answer.total));
  await open(`/?q=${wrong}&literal=${right}`);
  await eventually(async () => assert.equal(await found(page), answer.total));

  // A price in the query is a filter like others.
  const all = await ask("/v1/search", { q: right, stats: "price" });
  const limit = Math.ceil(all.stats.price.min / 100) + 1;
  const priced = await ask("/v1/search", { q: `${right} under £${limit}` });
  assert.ok(priced.total < all.total);
  await open(`/?q=${encodeURIComponent(`${right} under £${limit}`)}`);
  await eventually(async () => assert.equal(await found(page), priced.total));
  await page.getByRole("button", { name: `Remove the filter under £${limit}` }).click();
  await eventually(async () => assert.equal(await found(page), all.total));
  assert.equal(new URL(page.url()).searchParams.get("q"), right);

  // The bounds of the price are those of what was found.
  const lowest = page.getByLabel("Lowest price");
  assert.equal(await lowest.getAttribute("placeholder"), String(all.stats.price.min / 100));

  // Among many values one is searched for, and it stays found when something is ticked.
  await open("/?sort=-popularity");
  const brands = page.locator("fieldset", { has: page.getByText("Brand", { exact: true }) });
  const labels = () => brands.locator(".tick-label").allInnerTexts();
  const { facets } = await ask("/v1/search", { sort: "-popularity" });
  const last = facets.brand.at(-1).value;
  await eventually(async () => assert.ok(!(await labels()).includes(last)));
  await page.getByLabel("Search Brand").fill(last.slice(0, 3));
  await eventually(async () => assert.ok((await labels()).includes(last)));
  for (const label of await labels())
    assert.ok(label.toLowerCase().split(/\s/).some((part) => part.startsWith(last.slice(0, 3).toLowerCase())));
  await brands.getByLabel(last).check();
  await eventually(async () => assert.equal(await found(page), facets.brand.at(-1).count));
  await page.getByRole("button", { name: `Remove the filter ${last}` }).click();
  const everything = await ask("/v1/search", { size: 1 });
  await eventually(async () => assert.equal(await found(page), everything.total));

  // What can be bought comes first, in any order.
  await page.getByLabel("In stock first").check();
  await page.getByLabel("Sort").selectOption("-price");
  const order = await ask("/v1/search", { sort: "-price", in_stock_first: "true", size: 24 });
  await eventually(async () => assert.deepEqual(await ids(page, "#hits"), order.hits.map((hit) => hit.id)));

  // The attributes that divide the result are filters by themselves, and are ticked like others.
  const counted = (await ask("/v1/search", { facet: "*", sort: "-price" })).facets;
  const [field, values] = Object.entries(counted).find(([name]) => name.startsWith("attributes."));
  const name = field.slice("attributes.".length);
  await page.locator(`[id="${field}-${encodeURIComponent(values[0].value)}"]`).check();
  await eventually(async () => assert.equal(await found(page), values[0].count));
  assert.deepEqual(new URL(page.url()).searchParams.getAll("attribute"), [`${name}:${values[0].value}`]);

  // The variant that was asked for stands on the card.
  const { hits } = await ask("/v1/search", { size: 100 });
  for (const { id } of hits) {
    const product = await (await fetch(new URL(`/v1/products/${id}`, page.url()))).json();
    if (product.variants.length < 2) continue;
    const variant = product.variants.at(-1);
    await open(`/?q=${encodeURIComponent(variant.sku)}`);
    const card = page.locator("#hits .card").first();
    await eventually(async () =>
      assert.equal(await card.locator(".chosen").innerText(), Object.values(variant.options).join(" · ")),
    );
    break;
  }

  // On a phone nothing is wider than the screen, and the page stays accessible.
  await page.setViewportSize({ width: 360, height: 720 });
  await open(`/?q=${wrong}`);
  await eventually(async () => assert.equal(await found(page), answer.total));
  await page.getByRole("button", { name: /^Filters/ }).click();
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.equal(beyond, 0);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]), []);
});
