// Goods sent back: asked for on the order's page, agreed and received at the seller's desk, the money given back.

import { assert, axe, scenario } from "../scenario.mjs";
import { UNKNOWN, api, buy, comeIn, enter, goods, newcomer, pounds, ship, tokenOf } from "../trade.mjs";

const sellerToken = await tokenOf("seller");
const lamp = await goods({ token: sellerToken, price: 900, count: 9 });
const ann = await newcomer();
const order = await buy({ token: ann.token, variant: lamp.variant, quantity: 3 });
const shipment = await ship({ token: sellerToken, order, tracking: "B-1" });

const { accounts } = await api("/v1/demo/accounts");
const seller = accounts.find(({ role }) => role === "seller");
const PHONE = { viewport: { width: 360, height: 780 } };

async function sound(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  const room = await page.evaluate(() => document.documentElement.clientWidth);
  assert.ok(wide <= room, `${page.url()} is ${wide} wide`);
}

const atDesk = (work) =>
  scenario(async ({ page, open }) => {
    await open("/account/returns");
    await page.getByRole("button", { name: "Log in or make an account" }).click();
    await enter(page, seller.email, seller.password);
    await work(page.locator(".return-desk li", { hasText: `Order ${order}` }), page);
  }, PHONE);

await scenario(
  async ({ page, open }) => {
    const state = (words) => page.locator(".state").getByText(words, { exact: true });
    const asked = async (pieces, reason) => {
      await page.getByText("Send goods back").click();
      const form = page.getByRole("form", { name: "Send goods back" });
      await form.getByLabel(lamp.title).selectOption(pieces);
      await form.getByLabel("Why?").fill(reason);
      await form.getByRole("button", { name: "Ask the seller" }).click();
    };

    // What has not arrived cannot be sent back.
    await comeIn(page, open, ann.email);
    await open(`/orders/${order}`);
    await page.getByRole("button", { name: "I have received it" }).waitFor();
    assert.equal(await page.getByText("Send goods back").count(), 0);
    await page.locator(`#received-${shipment.id}`).click();

    // Nothing chosen is nothing sent; two of three are; then one of three, as two are kept after all.
    await asked("0", "");
    await page.getByRole("alert").getByText("Choose how many pieces to send back.").waitFor();
    await page.getByText("Send goods back").click();
    await asked("2", "too <b>bright</b>");
    await state("Waiting for the seller").waitFor();
    await page.getByText("Send goods back").click();
    const choice = page.getByRole("form", { name: "Send goods back" }).getByLabel(lamp.title);
    assert.deepEqual(await choice.locator("option").allTextContents(), ["keep all", "send back 1 of 1"]);
    await sound(page);
    await page.getByRole("button", { name: "Keep it after all" }).click();
    await state("Kept after all").waitFor();
    await asked("1", "too <b>bright</b>");
    await state("Waiting for the seller").waitFor();

    await atDesk(async (items, desk) => {
      const item = items.filter({ hasText: "Waiting for your answer" });
      await item.getByText("The buyer says: too <b>bright</b>").waitFor();
      await item.getByText(`1 × ${lamp.title}`).waitFor();
      await sound(desk);
      await item.getByRole("button", { name: "Refuse" }).click();
      await item.getByText("Tell the buyer why not.").waitFor();
      await item.getByLabel("To the buyer").fill("Please use the enclosed label.");
      await item.getByRole("button", { name: "Agree" }).click();
      await items.getByText("You said: Please use the enclosed label.").waitFor();
    });

    // Seen at once by the buyer, on the page that was open all the time.
    await page.getByText("The seller says: Please use the enclosed label.").waitFor();
    await page.getByRole("button", { name: "Keep it after all" }).waitFor();

    await atDesk(async (items, desk) => {
      const item = items.filter({ has: desk.getByRole("button", { name: "I have received it" }) });
      await item.getByLabel(lamp.title).selectOption("cannot be sold");
      await sound(desk);
      await item.getByRole("button", { name: "I have received it" }).click();
      await items.locator(".state").getByText("Received", { exact: true }).waitFor();
      assert.equal(await items.getByRole("button").count(), 0);
    });

    await page.getByText("1 returned").waitFor();
    const refund = page.locator("li", { hasText: "Refund" }).filter({ hasText: /On its way back|Given back/ });
    await refund.getByText(`-${pounds(900)}`).waitFor();
    assert.equal(await page.getByRole("button", { name: "Keep it after all" }).count(), 0);
    await sound(page);

    // Another return is refused, with a word.
    await asked("2", "");
    await state("Waiting for the seller").waitFor();
    await atDesk(async (items, desk) => {
      const item = items.filter({ has: desk.getByRole("button", { name: "Refuse" }) });
      await item.getByLabel("To the buyer").fill("They are used.");
      await item.getByRole("button", { name: "Refuse" }).click();
      await items.getByText("You said: They are used.").waitFor();
    });
    await page.getByText("The seller says: They are used.").waitFor();
  },
  { expected: new RegExp(UNKNOWN) },
);
