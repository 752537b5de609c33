// The rows of the first page: what they are about, what is not wanted goes, what was looked at comes back; in Chinese.

import { ask, assert, eventually, ids, scenario } from "../scenario.mjs";

const PHONE = { viewport: { width: 380, height: 800 }, hasTouch: true, isMobile: true };

for (const context of [{}, PHONE]) {
  await scenario(async ({ page, open }) => {
    await open();
    await page.locator("#rows article").first().waitFor();
    const titles = () => page.locator("#rows h2").allInnerTexts();
    assert.ok((await titles()).length >= 2, "a stranger has more than one row");
    const departments = await ids(page, "#rows");
    assert.equal(new Set(departments).size, departments.length, "no product twice");

    // The first look makes rows about it: one of its own, where the row before has left enough of what is like it.
    const first = departments[0];
    const product = await ask(`/v1/products/${encodeURIComponent(first)}`);
    const noted = page.waitForResponse((answer) => answer.url().endsWith("/v1/events"));
    await page.locator(`#rows a[data-product="${first}"]`).click();
    await noted;
    await page.locator("#product-rows article").first().waitFor();
    await page.getByRole("button", { name: "Close the product" }).click();
    await eventually(async () => assert.equal((await titles())[0], "For you"));
    const about = [...(await titles()), ...(await page.locator("#rows .reason").allInnerTexts())];
    assert.ok(about.some((told) => told.includes(product.title)), `${about}`);

    // What is not wanted goes, and comes back when that is taken back.
    const row = "[data-row='for-you']";
    const [unwanted, next] = await ids(page, row);
    const card = page.locator(`${row} a[data-product="${unwanted}"]`);
    await card.hover();
    await page.locator(`${row} li`).first().getByRole("button", { name: /^Not interested/ }).click();
    await page.getByText("This will not be recommended to you again.").waitFor();
    assert.equal((await ids(page, row))[0], next);
    await page.reload();
    await page.locator(`${row} article`).first().waitFor();
    assert.ok(!(await ids(page, "#rows")).includes(unwanted), "still hidden");
    const other = (await ids(page, row))[0];
    await page.locator(`${row} a[data-product="${other}"]`).hover();
    await page.locator(`${row} li`).first().getByRole("button", { name: /^Not interested/ }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await eventually(async () => assert.equal((await ids(page, row))[0], other));

    // What was looked at is there to be found again: below a product, and on the first page after a few.
    const looked = (await ids(page, row)).slice(0, 3);
    for (const id of looked) {
      await open(`/?product=${encodeURIComponent(id)}`);
      await page.locator("#product-rows article").first().waitFor();
    }
    await page.locator("#product-rows [data-row='recently-viewed']").waitFor();
    assert.ok(!(await ids(page, "#product-rows [data-row='recently-viewed']")).includes(looked.at(-1)));
    await page.getByRole("button", { name: "Close the product" }).click();
    await eventually(async () =>
      assert.deepEqual((await ids(page, "#rows [data-row='recently-viewed']")).slice(0, 3), looked.toReversed()),
    );

    await page.getByText("中文").click();
    await eventually(async () => assert.equal((await titles())[0], "为您推荐"));
    const reasons = await page.locator(`${row} .reason`).allInnerTexts();
    assert.ok(reasons.length > 0 && reasons.every((reason) => /\p{Script=Han}/u.test(reason)), `${reasons}`);
  }, context);
}
