// What the shop wrote to somebody is found in the account, without the links that open it.

import { assert, scenario } from "../scenario.mjs";
import { api, comeIn, newcomer } from "../trade.mjs";

const person = await newcomer();
await api("/v1/auth/password/forgot", { method: "POST", body: { email: person.email } });

await scenario(async ({ page, open }) => {
  await comeIn(page, open, person.email);
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("heading", { name: "Messages", level: 1 }).waitFor();
  const letters = page.locator(".inbox li");
  await letters.first().waitFor();
  assert.deepEqual(await letters.getByRole("heading").allTextContents(), [
    "A new password",
    "Confirm your e-mail address",
  ]);
  assert.match(await letters.first().textContent(), /\(a link\)/);
  assert.doesNotMatch(await page.locator(".inbox").textContent(), /token/);
  await page.getByRole("link", { name: "Messages" }).and(page.locator('[aria-current="page"]')).waitFor();
});
