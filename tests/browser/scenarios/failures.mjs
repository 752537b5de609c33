// When the shop cannot answer, the page says what it was told, and goes on when the shop does.

import { assert, eventually, ids, scenario, word } from "../scenario.mjs";

await scenario(
  async ({ page, open }) => {
    const q = await word();
    const detail = "there is no search index yet: run `merx index build`";
    const problem = { type: "/problems/unavailable", title: "Unavailable", status: 503, detail };
    await page.route("**/v1/search?*", (route) =>
      route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) }),
    );
    await open(`/?q=${q}`);
    await page.getByRole("alert").getByText(detail).waitFor();
    await page.unroute("**/v1/search?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await eventually(async () => assert.ok((await ids(page, "#hits")).length > 0));
    assert.equal(await page.getByRole("alert").count(), 0);

    // The line is cut: what is shown stays usable, and what was done in between is told later.
    const told = [];
    await page.route("**/v1/**", (route) => route.abort());
    await page.locator("#hits a").first().click();
    await page.getByRole("alert").getByText("The shop does not answer").waitFor();
    await page.unroute("**/v1/**");
    page.on("request", (request) => {
      if (request.url().endsWith("/v1/events"))
        told.push(...request.postDataJSON().events.map(({ kind }) => kind));
    });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#product h1").waitFor();
    await eventually(async () => assert.deepEqual(told.sort(), ["click", "query", "view"]));

    // What is not there, and what is asked for wrongly.
    await open("/?product=no-such-product");
    await page.getByRole("alert").getByText("there is no product 'no-such-product'").waitFor();
    await page.keyboard.press("Escape");
    await open("/?sort=sideways");
    await page.getByRole("alert").getByText("sort is one of").waitFor();
  },
  { expected: /Failed to load resource/ },
);
