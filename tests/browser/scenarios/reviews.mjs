// A review from the page of a delivered order to the product's page, live; answered, moderated, and found helpful.

import { assert, axe, eventually, scenario } from "../scenario.mjs";
import { UNKNOWN, api, buy, comeIn, enter, goods, newcomer, ship, tokenOf } from "../trade.mjs";

const sellerToken = await tokenOf("seller");
const staffToken = await tokenOf("staff");
const lamp = await goods({ token: sellerToken, price: 900, count: 9 });
const ann = await newcomer();
const bob = await newcomer();
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGP8z4APMOGVHbHSAEEsAQ8k1nDmAAAAAElFTkSuQmCC";

const bought = (token) => buy({ token, variant: lamp.variant });

async function sound(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

await scenario(
  async ({ page, open }) => {
    const order = await bought(ann.token);
    const shipment = await ship({ token: sellerToken, order, tracking: "R-1" });
    const reader = await page.context().newPage();
    await open(`/?product=${lamp.id}`, reader);
    await reader.getByText("Nobody has reviewed it yet.").waitFor();

    await comeIn(page, open, ann.email);
    await open(`/orders/${order}`);
    await page.getByRole("button", { name: "I have received it" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Review the product" }).count(), 0);
    await page.locator(`#received-${shipment.id}`).click();
    await page.getByRole("button", { name: "Review the product" }).click();
    const form = page.getByRole("form", { name: "Review of the product" });
    await form.getByLabel("How good is it?").selectOption("4");
    await form.getByLabel("In a few words").fill("A fine <b>lamp</b>");
    await form.getByLabel("What should others know?").fill("It shines.\nAnd how.");
    const photo = { name: "lamp.png", mimeType: "image/png", buffer: Buffer.from(PIXEL, "base64") };
    await form.getByLabel("Pictures").setInputFiles(photo);
    await form.getByRole("button", { name: "Send the review" }).click();
    await page.getByText("My review of the product · Shown").waitFor();
    await sound(page);

    // The page that was open all the time has it, as text and not as markup, with its picture.
    const review = reader.locator(".reviews .review");
    await review.getByRole("heading", { name: "A fine <b>lamp</b>" }).waitFor();
    await review.locator("img").waitFor();
    await reader.locator(".product-text .rating").getByText("4.0").first().waitFor();
    assert.equal(await review.locator(".stars").getAttribute("aria-label"), "4 of 5");
    assert.equal(await review.getByRole("button").count(), 0, "who is not logged in has no vote");
    await sound(reader);

    await page.getByRole("button", { name: "Edit my review of the product" }).click();
    await form.getByLabel("How good is it?").selectOption("5");
    await form.getByRole("button", { name: "Save the review" }).click();
    await reader.locator(".product-text .rating").getByText("5.0").first().waitFor();
    await review.locator(".stars[aria-label='5 of 5']").waitFor();

    // The seller's answer changes nothing of the product, and is there all the same.
    const { reviews } = await api("/v1/seller/reviews", { token: sellerToken });
    const mine = reviews.find(({ product }) => product === lamp.id);
    const answer = { text: "Thank you!" };
    await api(`/v1/seller/reviews/${mine.id}/answer`, { method: "PUT", body: answer, token: sellerToken });
    await review.getByText("Thank you!").waitFor();

    // A second buyer finds it helpful; staff, when they have looked, do not show it.
    await api(`/v1/reviews/${mine.id}/helpful`, { method: "POST", token: bob.token });
    await reader.reload();
    await review.getByText("1 found this helpful").waitFor();
    const { reviews: queue } = await api("/v1/staff/reviews?limit=100", { token: staffToken });
    const { version } = queue.find(({ id }) => id === mine.id);
    const told = { version, reason: "It names the seller." };
    await api(`/v1/staff/reviews/${mine.id}/reject`, { method: "POST", body: told, token: staffToken });
    await reader.getByText("Nobody has reviewed it yet.").waitFor();
    await page.reload();
    await page.getByText("My review of the product · Not shown: It names the seller.").waitFor();
    await page.getByRole("button", { name: "Take back my review of the product" }).click();
    await page.getByRole("button", { name: "Review the product" }).waitFor();
  },
  { expected: new RegExp(UNKNOWN) },
);

// The desks of the seller and of staff, on a phone.
const order = await bought(bob.token);
const shipment = await ship({ token: sellerToken, order, tracking: "R-2" });
await api(`/v1/orders/shipments/${shipment.id}/received`, { method: "POST", token: bob.token });
const words = { score: 2, title: "It flickers", text: "x".repeat(300) };
await api(`/v1/orders/${order}/lines/1/reviews`, { method: "POST", body: words, token: bob.token });
const { accounts } = await api("/v1/demo/accounts");
const as = (role) => accounts.find((account) => account.role === role);

for (const [role, place] of [
  ["seller", "/account/reviews"],
  ["staff", "/account/moderation"],
]) {
  await scenario(
    async ({ page, open }) => {
      await open(place);
      await page.getByRole("button", { name: "Log in or make an account" }).click();
      await enter(page, as(role).email, as(role).password);
      const item = page.locator(".review-desk li", { hasText: lamp.title }).filter({ hasText: "It flickers" });
      await item.waitFor();
      await sound(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 360, `${place} is ${wide} wide`);
      if (role === "seller") {
        await item.getByLabel("Your answer").fill("We send you another.");
        await item.getByRole("button", { name: "Answer" }).click();
        await item.locator(".review-answer").getByText("We send you another.").waitFor();
      } else {
        await item.getByRole("button", { name: "Reject" }).click();
        await item.locator(".fault", { hasText: /./ }).first().waitFor();
        await item.getByLabel("Why not? The author reads it").fill("Only x");
        await item.getByRole("button", { name: "Reject" }).click();
        await eventually(async () => assert.equal(await item.count(), 0));
      }
    },
    { viewport: { width: 360, height: 780 } },
  );
}
const { reviews: own } = await api("/v1/me/reviews", { token: bob.token });
assert.equal(own[0].verdict, "Only x");
assert.equal(own[0].answer, "We send you another.");
