// Search by picture: a photograph from the shopper's own files, words on top of it, and what looks like a product.

import { ask, assert, eventually, found, ids, scenario } from "../scenario.mjs";

const SHOP = process.env.MERX_TEST_SHOP_URL;

await scenario(async ({ page, open }) => {
  const [product] = (await ask("/v1/search", { size: 1 })).hits;
  const photograph = Buffer.from(await (await fetch(SHOP + product.picture)).arrayBuffer());
  await open();
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Search with a picture" }).click();
  await (await chosen).setFiles({ name: "photo.webp", mimeType: "image/webp", buffer: photograph });
  await page.getByRole("heading", { name: "Looks like your picture" }).waitFor();
  await eventually(async () => assert.ok((await ids(page, "#hits")).slice(0, 5).includes(product.id)));
  const all = await found(page);

  // Words and ticks refine it.
  await page.locator("#filters input[type=checkbox]").first().check();
  await eventually(async () => assert.ok((await found(page)) <= all));
  const chips = page.getByRole("button", { name: /Remove the filter/ });
  await eventually(async () => assert.equal(await chips.count(), 2));
  await chips.last().click();
  await eventually(async () => assert.equal(await found(page), all));
  await page.getByRole("combobox", { name: "Search the shop" }).fill(product.title.split(" ").at(-1));
  await page.getByRole("combobox", { name: "Search the shop" }).press("Enter");
  await eventually(async () => assert.match(await page.locator("#results-title").innerText(), /^“/));
  await eventually(async () => assert.ok((await found(page)) <= all));

  // A photograph is not kept: after a reload it has to be chosen again.
  await page.reload();
  await page.getByText("Choose it again with the camera.").waitFor();
});

await scenario(async ({ page, open }) => {
  const [product] = (await ask("/v1/search", { size: 1 })).hits;
  const alike = await ask(`/v1/products/${encodeURIComponent(product.id)}/looks-like`, { size: 24 });
  await open(`/?product=${encodeURIComponent(product.id)}`);
  await page.getByRole("link", { name: "What else looks like this" }).click();
  await page.getByRole("heading", { name: "Looks like this" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("like"), product.id);
  await eventually(async () => assert.deepEqual(await ids(page, "#hits"), alike.hits.map((hit) => hit.id)));
  await page.getByRole("button", { name: "Remove the filter Looks like this" }).click();
  await page.getByRole("heading", { name: "Looks like this" }).waitFor({ state: "hidden" });
  await page.goBack();
  await page.getByRole("heading", { name: "Looks like this" }).waitFor();
});

await scenario(
  async ({ page, open }) => {
    await open();
    const chosen = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Search with a picture" }).click();
    await (await chosen).setFiles({ name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
    await page.getByText("not a whole picture").waitFor();
  },
  { expected: /status of 400/ },
);
