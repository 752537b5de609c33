// Checkout when things go wrong: answers that get lost, reloads, prices and stock that change under it. One order, always.

import { assert, eventually, scenario } from "../scenario.mjs";
import { UNKNOWN, api, comeIn, goods, newcomer, pounds, putIn, setPrice, setStock, tokenOf } from "../trade.mjs";

const token = await tokenOf("seller");
const person = await newcomer();
const orders = async () => (await api("/v1/orders", { token: person.token })).orders;

await scenario(
  async ({ page, open }) => {
    const place = page.getByRole("button", { name: /^Place the order/ });
    const paying = page.getByText(/pieces are kept for \d/);
    const isOrder = () => /^\/orders\/o-/.test(new URL(page.url()).pathname);
    await comeIn(page, open, person.email);
    await page.getByText("No orders yet").waitFor();

    // The price changes while the shopper looks: nothing is ordered, and the new total is shown.
    const lamp = await goods({ token, price: 1000, count: 3 });
    await putIn(page, open, lamp);
    await open("/checkout");
    await page.getByRole("button", { name: `Place the order · ${pounds(1000)}` }).waitFor();
    await setPrice({ token, variant: lamp.variant, price: 1100 });
    await place.click();
    await page
      .getByRole("alert")
      .getByText(/Something has changed/)
      .waitFor();
    await page.getByRole("button", { name: `Place the order · ${pounds(1100)}` }).waitFor();
    // So does the stock.
    await page.getByRole("button", { name: /^One more/ }).click();
    await page.getByRole("button", { name: `Place the order · ${pounds(2200)}` }).waitFor();
    await setStock({ token, variant: lamp.variant, count: 1 });
    await place.click();
    await page
      .getByRole("alert")
      .getByText(/fewer pieces left/)
      .waitFor();
    await page.getByText("Only 1 left.").waitFor();
    assert.equal(await place.isDisabled(), true);
    await page.getByRole("button", { name: /^One less/ }).click();
    await page.getByRole("button", { name: `Place the order · ${pounds(1100)}` }).waitFor();
    assert.deepEqual(await orders(), []);

    // The answer gets lost on its way back: the order is there, the page does not know. Asking again finds it.
    let lost = 0;
    await page.route(/\/v1\/orders$/, async (route) => {
      if (route.request().method() !== "POST" || lost > 0) return route.continue();
      lost += 1;
      await route.fetch();
      return route.abort();
    });
    await place.click();
    await page
      .getByRole("alert")
      .getByText(/may have been placed/)
      .waitFor();
    assert.equal((await orders()).length, 1);
    await page.getByRole("button", { name: "Ask again" }).click();
    await paying.waitFor();
    assert.ok(isOrder());
    assert.equal((await orders()).length, 1);
    await page.unroute(/\/v1\/orders$/);

    // The page is reloaded while the shop is still at it: the same order comes back, with its key.
    const shade = await goods({ token, price: 700 });
    await putIn(page, open, shade);
    await open("/checkout");
    await page.getByRole("button", { name: `Place the order · ${pounds(700)}` }).waitFor();
    const keys = [];
    await page.route(/\/v1\/orders$/, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      keys.push(route.request().headers()["idempotency-key"]);
      if (keys.length > 1) return route.continue();
      await route.fetch();
      return undefined; // never answered
    });
    await place.click();
    await eventually(async () => assert.equal((await orders()).length, 2));
    await page.reload();
    await paying.waitFor();
    assert.ok(isOrder());
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.equal((await orders()).length, 2);
    await page.unroute(/\/v1\/orders$/);

    // Back does not lead to a checkout that would order once more; forward and reload show the order.
    const here = page.url();
    await page.goBack();
    await eventually(async () => assert.notEqual(page.url(), here));
    assert.equal(await place.count(), 0);
    await page.goForward();
    await paying.waitFor();
    await page.reload();
    await paying.waitFor();

    // A payment that was begun is there after a reload, and so is what is left to do.
    await page.getByRole("button", { name: /^Pay/ }).click();
    await page.getByText("No money moves").waitFor();
    await page.reload();
    await page.getByText("No money moves").waitFor();
    await page.locator("#test-pay").click();
    await page.getByRole("status").getByText("Paid", { exact: true }).waitFor();

    // It is cancelled, and the money comes back.
    await page.getByText("Cancel this order or a part of it").click();
    await page.getByRole("button", { name: "Cancel all that is left" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await page.getByRole("status").getByText("Cancelled", { exact: true }).waitFor();
    await page.getByText("Refund").first().waitFor();

    // Pressed twice at once, it is one order.
    const rug = await goods({ token, price: 900 });
    await putIn(page, open, rug);
    await open("/checkout");
    await page.getByRole("button", { name: `Place the order · ${pounds(900)}` }).dblclick();
    await paying.waitFor();
    assert.equal((await orders()).length, 3);
    // Pieces of it are cancelled while it is not paid.
    await page.getByText("Cancel this order or a part of it").click();
    await page.getByLabel(rug.title).selectOption("1");
    await page.getByRole("button", { name: "Cancel these pieces" }).click();
    await page.getByRole("status").getByText("Cancelled", { exact: true }).waitFor();
  },
  { expected: new RegExp(`${UNKNOWN}|status of 409|net::ERR_FAILED`) },
);
