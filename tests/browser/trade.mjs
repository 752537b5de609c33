// What scenarios of buying need besides a page: goods of their own, people, and what others do in the meantime.

import { randomUUID } from "node:crypto";

import { assert } from "./scenario.mjs";

const SHOP = process.env.MERX_TEST_SHOP_URL;
// The tests' server indexes nothing new, so nothing is known that goes with the goods made here.
export const UNKNOWN = "status of 404 .*/v1/recommendations/";
export const PASSWORD = "a long sentence of mine";

/** Ask the shop's API; the answer has to be a good one. */
export async function api(path, { method = "GET", body, token } = {}) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": randomUUID() };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(SHOP + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

/** The access token of the demonstration's "seller" or "staff". */
export async function tokenOf(role) {
  const { accounts } = await api("/v1/demo/accounts");
  const { email, password } = accounts.find((account) => account.role === role);
  return (await logIn(email, password)).access_token;
}

export const logIn = (email, password = PASSWORD) =>
  api("/v1/auth/login", { method: "POST", body: { email, password } });

/** Somebody with an account whose address is confirmed, and with an address to send to. */
export async function newcomer() {
  const email = `${randomUUID()}@example.com`;
  await api("/v1/auth/register", { method: "POST", body: { email, password: PASSWORD } });
  const { messages } = await api(`/v1/demo/messages?email=${email}`);
  const token = messages[0].link.split("#token=")[1];
  await api("/v1/auth/verify", { method: "POST", body: { token } });
  const login = await logIn(email);
  const home = {
    recipient: "Ann Example",
    lines: "1 High Street",
    city: "London",
    postcode: "N1 9GU",
    country: "GB",
  };
  await api("/v1/me/addresses", { method: "POST", body: home, token: login.access_token });
  return { email, token: login.access_token };
}

/** A product of the seller's, of which nobody else in this run knows: {id, variant, title}. */
export async function goods({ token, price = 1250, count = 10 }) {
  const title = `Lamp ${randomUUID().slice(0, 8)}`;
  const { id } = await api("/v1/seller/products", { method: "POST", body: { title, category: ["Home"] }, token });
  const made = { price_minor: price, currency: "GBP" };
  const { variants } = await api(`/v1/seller/products/${id}/variants`, { method: "POST", body: made, token });
  const variant = variants[0].id;
  await setStock({ token, variant, count });
  await api(`/v1/seller/products/${id}/publish`, { method: "POST", token });
  return { id, variant, title };
}

export const setPrice = ({ token, variant, price }) =>
  api(`/v1/seller/variants/${variant}/price`, { method: "PUT", body: { price_minor: price }, token });

export const setStock = ({ token, variant, count }) =>
  api(`/v1/seller/variants/${variant}/stock`, { method: "POST", body: { count }, token });

/** Somebody with an address buys pieces of a variant and pays for them; gives the order's id. */
export async function buy({ token, variant, quantity = 1 }) {
  const { id: cart } = await api("/v1/carts", { method: "POST", token });
  const line = `/v1/carts/${cart}/lines/${variant}?country=GB`;
  const { total_minor } = await api(line, { method: "PUT", body: { quantity }, token });
  const { addresses } = await api("/v1/me/addresses", { token });
  const placed = { cart, address: addresses[0].id, total_minor };
  const order = await api("/v1/orders", { method: "POST", body: placed, token });
  const pay = `/v1/orders/${order.id}/payments`;
  const { action } = await api(pay, { method: "POST", body: { provider: "test" }, token });
  await api(action.decide, { method: "POST", body: { outcome: "captured" }, token });
  return order.id;
}

/** The seller sends all of its part of an order. */
export async function ship({ token, order, tracking }) {
  const shipment = await api(`/v1/seller/orders/${order}/shipments`, { method: "POST", body: {}, token });
  const sent = { carrier: "DHL", tracking_number: tracking };
  return api(`/v1/seller/shipments/${shipment.id}/send`, { method: "POST", body: sent, token });
}

/** Put a product into the cart by its page. */
export async function putIn(page, open, product) {
  await open(`/?product=${product.id}`);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByText("Added for").waitFor();
}

/** Log in by the dialog that is open. */
export async function enter(page, email, password = PASSWORD) {
  const dialog = page.locator("#entrance");
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Log in", exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
}

/** Log in by the button at the top of the page. */
export async function comeIn(page, open, email) {
  await open("/orders");
  await page.getByRole("button", { name: "Log in or make an account" }).click();
  await enter(page, email);
}

export const pounds = (minor) =>
  new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" }).format(minor / 100);
