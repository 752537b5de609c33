// Paying through the sandbox of the real providers: cards that are declined, asked about and paid, Alipay, a code.

import { assert, scenario } from "../scenario.mjs";
import { UNKNOWN, comeIn, goods, newcomer, pounds, putIn, tokenOf } from "../trade.mjs";

const token = await tokenOf("seller");
const person = await newcomer();
const lamp = await goods({ token, price: 1250 });

await scenario(
  async ({ page, open }) => {
    const total = pounds(1250);
    const paid = page.getByRole("status").getByText("Paid", { exact: true });
    const pay = page.getByRole("button", { name: `Pay ${total}` });
    const choose = async (name) => {
      await page.getByLabel(name, { exact: true }).check();
      await pay.click();
    };
    const buy = async () => {
      await putIn(page, open, lamp);
      await open("/checkout");
      await page.getByRole("button", { name: /^Place the order/ }).click();
      await pay.waitFor();
    };
    await comeIn(page, open, person.email);

    // A declined card: back in the shop the order can still be paid, and says why it was not.
    await buy();
    await choose("Card");
    await page.getByText("Order o-").waitFor();
    await page.getByLabel("Card number").fill("4000000000000002");
    await page.locator("#sandbox-pay").click();
    await page.getByRole("alert").getByText("the card was declined").waitFor();
    await page.getByRole("link", { name: "Back to the shop" }).click();
    await page.getByText("The payment failed: the card was declined.").waitFor();

    // Another card, about which the bank asks first.
    await choose("Card");
    await page.getByLabel("Card number").fill("4000 0025 0000 3155");
    await page.locator("#sandbox-pay").click();
    await page.getByRole("button", { name: "It is me" }).click();
    await paid.waitFor();
    assert.match(new URL(page.url()).pathname, /^\/orders\/o-/);

    // Alipay's page. Who turns back there is asked whether to go on, or to pay in another way.
    await buy();
    await choose("Alipay");
    await page.getByRole("button", { name: "Refuse" }).waitFor();
    await page.goBack();
    await page.getByText("Alipay is waiting for you.").waitFor();
    await page.getByRole("link", { name: "Go on to pay" }).click();
    await page.locator("#sandbox-pay").click();
    await paid.waitFor();

    // A code: the order's page goes on by itself when it was paid elsewhere.
    await buy();
    await choose("WeChat Pay, by a code to scan");
    await page.getByText("Scan this with WeChat Pay, or open it there.").waitFor();
    const phone = await page.context().newPage();
    await phone.goto(await page.locator("#pay-code").innerText());
    await phone.locator("#sandbox-pay").click();
    await phone.getByText("You can close this page").waitFor();
    await paid.waitFor();

    // One that was begun is left for another method, and taken up again.
    await buy();
    await choose("WeChat Pay, by a code to scan");
    await page.getByText("Scan this with WeChat Pay, or open it there.").waitFor();
    await page.getByRole("button", { name: "Pay in another way" }).click();
    await choose("Test payment");
    await page.getByRole("button", { name: "Fail" }).click();
    await page.getByText("The payment failed").waitFor();
    await choose("WeChat Pay, by a code to scan");
    await page.getByText("Scan this with WeChat Pay, or open it there.").waitFor();
  },
  { expected: new RegExp(UNKNOWN), beside: /^http:\/\/127\.0\.0\.1:\d+\/(pay|alipay)/ },
);
