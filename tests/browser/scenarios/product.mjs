// The product view: what it shows, what it leads to, and the cart.

import { ask, assert, eventually, ids, scenario, word } from "../scenario.mjs";

const pounds = (minor) =>
  new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" }).format(minor / 100);

await scenario(async ({ page, open }) => {
  const sent = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/events")) sent.push(...request.postDataJSON().events);
  });
  const q = await word();
  await open(`/?q=${q}&in_stock=true`);
  const place = 2;
  await page
    .locator("#hits a")
    .nth(place - 1)
    .click();
  const id = new URL(page.url()).searchParams.get("product");
  const product = await ask(`/v1/products/${encodeURIComponent(id)}`);
  const dialog = page.getByRole("dialog", { name: product.title });
  await dialog.waitFor();
  const similar = await ask("/v1/recommendations/similar", { product: id });
  assert.ok(
    similar.rows.some((row) => row.items.length > 3),
    "the shop has similar products",
  );
  await dialog.getByRole("heading", { name: similar.rows[0].title }).waitFor();

  // What was done is told: the query, the click with its place, the view.
  await eventually(async () => assert.deepEqual(sent.map(({ kind }) => kind).sort(), ["click", "query", "view"]));
  const click = sent.find(({ kind }) => kind === "click");
  assert.deepEqual([click.product, click.position, click.query], [id, place, q]);
  assert.equal(click.request, sent.find(({ kind }) => kind === "query").request);

  // Of each option the dearest variant's value is chosen; price and stock follow.
  const variant = [...product.variants]
    .sort((one, other) => other.price.minor - one.price.minor)
    .find((one) => one.in_stock);
  if (product.variants.length > 1) {
    for (const value of Object.values(variant.options))
      await dialog.getByLabel(value, { exact: true }).check({ force: true });
  }
  assert.ok((await dialog.locator(".cost").innerText()).includes(pounds(variant.price.minor)));

  await dialog.getByRole("button", { name: "Add to cart" }).click();
  await eventually(async () => assert.equal(sent.at(-1).kind, "add_to_cart"));
  await dialog.getByRole("button", { name: "See the cart" }).click();
  const cart = page.getByRole("dialog", { name: "Cart" });
  await cart.getByText("Total").waitFor();
  await cart.getByRole("button", { name: /^One more/ }).click();
  await eventually(async () =>
    assert.ok((await cart.locator(".totals").innerText()).includes(pounds(variant.price.minor * 2))),
  );
  const goesWith = await ask("/v1/recommendations/cart", { product: id });
  if (goesWith.rows.some((row) => row.items.length > 0)) await cart.locator("article").first().waitFor();
  await cart.getByRole("button", { name: "Close the cart" }).click();

  // From product to product, and back to where it began in one step.
  const before = await ids(page, "#product-rows");
  await page.locator("#product-rows a").first().click();
  await eventually(async () => assert.equal(new URL(page.url()).searchParams.get("product"), before[0]));
  await page.getByRole("button", { name: "Close the product" }).click();
  await eventually(async () => assert.equal(new URL(page.url()).searchParams.get("product"), null));
  assert.equal(new URL(page.url()).searchParams.get("q"), q);

  await page.reload();
  await page.getByRole("button", { name: "Cart, 2 pieces" }).click();
  await cart.getByText("Total").waitFor();
  for (let piece = 0; piece < 2; piece += 1) await cart.getByRole("button", { name: /^One less/ }).click();
  await cart.getByText("The cart is empty").waitFor();
});
