// From a guest's first product to a parcel that has arrived: everything that a shopper does in a shop.

import { assert, eventually, scenario } from "../scenario.mjs";
import { PASSWORD, UNKNOWN, api, enter, goods, logIn, pounds, putIn, ship, tokenOf } from "../trade.mjs";

const token = await tokenOf("seller");
const [lamp, shade] = [await goods({ token, price: 1250 }), await goods({ token, price: 800 })];
const email = `buyer-${Date.now()}-${process.pid}@example.com`;
const code = `TEN-${Date.now()}-${process.pid}`;
const off = { code, kind: "percent", value: 1000, currency: "GBP" };
await api("/v1/staff/vouchers", { method: "POST", body: off, token: await tokenOf("staff") });

await scenario(
  async ({ page, open }) => {
    const cart = page.getByRole("dialog", { name: "Cart" });
    const totals = page.locator("#desk .totals");
    const says = (place, text) =>
      eventually(async () => assert.ok((await place.innerText()).includes(text), text));

    // A guest fills a cart, and makes an account on the way to checkout.
    await putIn(page, open, lamp);
    await page.getByRole("button", { name: "See the cart" }).click();
    await cart.getByRole("button", { name: /^One more/ }).click();
    await says(cart.locator(".totals"), pounds(2500));
    await cart.getByRole("button", { name: "Check out" }).click();
    await page.getByRole("button", { name: "Log in or make an account" }).click();
    const dialog = page.locator("#entrance");
    await dialog.getByRole("button", { name: "Make an account", exact: true }).click();
    await dialog.getByLabel("E-mail").fill(email);
    await dialog.getByLabel("Password").fill("short");
    await dialog.getByRole("button", { name: "Register" }).click();
    assert.equal(await dialog.getByLabel("Password").getAttribute("aria-invalid"), "true");
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Register" }).click();
    await dialog.getByRole("link", { name: "Confirm your e-mail address" }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Your address is confirmed").waitFor();
    assert.equal(new URL(page.url()).hash, "", "the link's token does not stay in the address");

    // The account has a cart already, of another device: the two become one.
    const { access_token: elsewhere } = await logIn(email);
    const { id } = await api("/v1/carts", { method: "POST", token: elsewhere });
    for (const [variant, quantity] of [
      [lamp.variant, 1],
      [shade.variant, 1],
    ])
      await api(`/v1/carts/${id}/lines/${variant}`, { method: "PUT", body: { quantity }, token: elsewhere });
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await enter(page, email);
    await page.getByRole("button", { name: "Cart, 3 pieces" }).click();
    await says(cart.locator(".totals"), pounds(2 * 1250 + 800));

    // A voucher that nobody knows, and one that is known.
    await cart.getByText("I have a voucher").click();
    await cart.getByLabel("Voucher code").fill("NO-SUCH-CODE");
    await cart.getByRole("button", { name: "Use it" }).click();
    await cart
      .locator(".voucher [role=alert]")
      .getByText(/voucher/i)
      .waitFor();
    await cart.getByLabel("Voucher code").fill(code.toLowerCase());
    await cart.getByRole("button", { name: "Use it" }).click();
    await says(cart.locator(".totals"), pounds(3300 - 330));
    await cart.getByRole("button", { name: "Check out" }).click();

    // The first address is typed here.
    const place = page.getByRole("button", { name: /^Place the order/ });
    assert.equal(await place.isDisabled(), true);
    await page.getByRole("textbox", { name: "Name" }).fill("Ann Example");
    await page.getByLabel("Street and number").fill("1 High Street\nFlat 2");
    await page.getByLabel("Postcode").fill("N1 9GU");
    await page.getByLabel("City").fill("London");
    await page.getByLabel("Country").selectOption("GB");
    await page.getByRole("button", { name: "Save the address" }).click();
    await page.getByRole("radio", { name: /Flat 2/ }).waitFor();
    await says(totals, pounds(2970));
    await place.click();

    // A payment that fails, and one that does not.
    await page.getByText(/pieces are kept for \d/).waitFor();
    const order = new URL(page.url()).pathname.split("/").at(-1);
    await page.getByRole("button", { name: `Pay ${pounds(2970)}` }).click();
    await page.getByRole("button", { name: "Fail" }).click();
    await page.getByText("The payment failed").waitFor();
    await page.getByRole("button", { name: `Pay ${pounds(2970)}` }).click();
    await page.getByText("No money moves").waitFor();
    await page.getByRole("button", { name: `Pay ${pounds(2970)}` }).click();
    const status = page.locator("#desk [role=status]").first();
    await says(status, "Paid");
    await page.getByRole("button", { name: "Cart, 0 pieces" }).waitFor();

    // The seller sends it, somewhere else: the open page says so.
    const tracking = `T${Date.now()}`;
    await ship({ token, order, tracking });
    await says(status, "On its way");
    await page.getByText(tracking).waitFor();
    await page.getByRole("button", { name: "I have received it" }).click();
    await says(status, "Delivered");
    await page.locator(".history").getByText("Order: delivered").waitFor();
    const { status: known, address } = await api(`/v1/orders/${order}`, { token: elsewhere });
    assert.deepEqual([known, address.lines], ["delivered", "1 High Street\nFlat 2"]);

    await page.getByRole("link", { name: "Orders" }).click();
    await page.locator(".order-list").getByText("Delivered").waitFor();
  },
  { expected: new RegExp(`${UNKNOWN}|status of 404 .*/voucher`) },
);
