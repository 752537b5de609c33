// Several tabs, one login: refresh tokens are good for one use, so no two tabs may use one; and logging out counts for all.

import { assert, eventually, scenario } from "../scenario.mjs";
import { UNKNOWN, api, comeIn, goods, logIn, newcomer, putIn, tokenOf } from "../trade.mjs";

/** In the page: the access token's time is over. */
async function ageTokens() {
  const asked = indexedDB.open("merx", 1);
  const database = await new Promise((resolve) => asked.addEventListener("success", () => resolve(asked.result)));
  const turn = database.transaction("session", "readwrite");
  const store = turn.objectStore("session");
  const read = store.get("tokens");
  read.addEventListener("success", () => store.put({ ...read.result, until: 0 }, "tokens"));
  await new Promise((resolve) => turn.addEventListener("complete", resolve));
  database.close();
}

const person = await newcomer();
const lamp = await goods({ token: await tokenOf("seller") });

await scenario(
  async ({ page, open }) => {
    const answers = [];
    page.context().on("response", (answer) => {
      if (answer.url().endsWith("/v1/auth/refresh")) answers.push(answer.status());
    });
    await comeIn(page, open, person.email);
    const title = (tab) => tab.getByText("No orders yet").waitFor();
    await title(page);

    // The access token is too old, and six tabs need it at once: one of them renews it for all.
    const others = await Promise.all([1, 2, 3, 4, 5].map(() => page.context().newPage()));
    for (let round = 1; round <= 3; round += 1) {
      await page.evaluate(ageTokens);
      await Promise.all([page, ...others].map((tab) => open("/orders", tab)));
      await Promise.all([page, ...others].map(title));
      assert.equal(answers.length, round);
    }
    assert.deepEqual(new Set(answers), new Set([200]));

    // One that the shop refuses is renewed once, for all that were asked with it.
    const before = answers.length;
    const refused = new Set();
    await page.route(/\/v1\/me/, (route) => {
      const path = new URL(route.request().url()).pathname;
      if (refused.has(path)) return route.continue();
      refused.add(path);
      return route.fulfill({ status: 401, json: { title: "Unauthorized", status: 401, detail: "too old" } });
    });
    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByText(person.email).waitFor();
    await page.getByRole("link", { name: "Addresses" }).click();
    await page.getByText("1 High Street").waitFor();
    assert.equal(answers.length - before, refused.size);
    await page.unroute(/\/v1\/me/);

    // What one tab puts into the cart, the others show.
    await putIn(page, open, lamp);
    await eventually(async () => {
      await others[0].bringToFront();
      assert.equal(await others[0].locator("#cart-count").innerText(), "1");
    });

    // The login is ended from elsewhere: the next thing that is asked says so, in every tab.
    const { access_token: token } = await logIn(person.email);
    await api("/v1/auth/logout", { method: "POST", body: { everywhere: true }, token });
    await others[1].getByRole("link", { name: "Profile" }).click();
    await others[1].getByText("Your session has ended, and you are logged out.").waitFor();
    await others[1].getByRole("button", { name: "Log in or make an account" }).waitFor();
    await eventually(async () => assert.equal(await others[2].locator("#account-word").innerText(), "Log in"));
    await others[2].getByRole("button", { name: "Log in or make an account" }).waitFor();
  },
  { expected: new RegExp(`${UNKNOWN}|status of 401`) },
);
