// What changes in the shop changes on pages that are open: the product's, and the cart's.

import { assert, eventually, scenario } from "../scenario.mjs";
import { UNKNOWN, api, goods, pounds, putIn, setPrice, setStock, tokenOf } from "../trade.mjs";

const token = await tokenOf("seller");
const lamp = await goods({ token, price: 1250, count: 5 });

await scenario(
  async ({ page, open }) => {
    const streams = [];
    page.on("request", (request) => request.url().endsWith("/stream") && streams.push(request));
    const ended = (request) => request.failure() !== null;
    const dialog = page.locator("#product");
    const cart = page.getByRole("dialog", { name: "Cart" });
    await putIn(page, open, lamp);

    const began = Date.now();
    await setPrice({ token, variant: lamp.variant, price: 1490 });
    await dialog.locator(".cost").getByText(pounds(1490)).waitFor();
    assert.ok(Date.now() - began < 5000, "an open page hears of it soon");
    await dialog.getByText(`The price has just changed: it was ${pounds(1250)}.`).waitFor();
    await dialog.getByRole("button", { name: "See the cart" }).click();
    await cart
      .getByText(`The price has changed: ${pounds(1250)} when you put it in, now ${pounds(1490)}.`)
      .waitFor();
    await cart.locator(".totals").getByText(pounds(1490)).waitFor();

    // Fewer pieces than are wanted.
    for (let piece = 0; piece < 3; piece += 1) await cart.getByRole("button", { name: /^One more/ }).click();
    await eventually(async () =>
      assert.ok((await cart.locator(".totals").innerText()).includes(pounds(4 * 1490))),
    );
    await setStock({ token, variant: lamp.variant, count: 2 });
    await cart.getByText("Only 2 left.").waitFor();
    await cart.getByRole("button", { name: "Close the cart" }).click();

    await setStock({ token, variant: lamp.variant, count: 0 });
    await dialog.getByText("The last piece has just been sold.").waitFor();
    assert.equal(await dialog.locator("#buy").isDisabled(), true);
    await setStock({ token, variant: lamp.variant, count: 3 });
    await dialog.getByText("It is in stock again.").waitFor();
    assert.equal(await dialog.locator("#buy").isDisabled(), false);

    // A page that was left listens to nothing.
    assert.equal(streams.length, 1);
    assert.equal(ended(streams[0]), false);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await eventually(async () => assert.equal(ended(streams[0]), true));

    await open(`/?product=${lamp.id}`);
    await dialog.getByRole("button", { name: "Add to cart" }).waitFor();
    await eventually(async () => assert.equal(streams.length, 2));
    await api(`/v1/seller/products/${lamp.id}/withdraw`, { method: "POST", token });
    await dialog.getByText("This product is not sold any more.").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#open-cart").click();
    await cart.getByText("Not sold any more.").waitFor();
    await cart.getByRole("button", { name: /^Remove/ }).click();
    await cart.getByText("The cart is empty").waitFor();
  },
  { expected: new RegExp(`${UNKNOWN}|status of 404 .*/v1/products/`) },
);
