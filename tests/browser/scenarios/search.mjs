// Results come as one types; an answer that comes late is not shown; the page says what it found.

import { ask, assert, eventually, found, ids, scenario, word } from "../scenario.mjs";

await scenario(async ({ page, open }) => {
  const wanted = await word();
  const unfinished = wanted.slice(0, -1);
  await open();
  // The answer to the first letters is held back until the ones to all of them are there.
  await page.route(
    (url) => url.pathname === "/v1/search" && url.searchParams.get("q") === unfinished.slice(0, 2),
    async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      await route.continue().catch(() => {}); // the page has given it up
    },
  );
  const box = page.getByRole("combobox", { name: "Search the shop" });
  const offered = page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  const begun = page.waitForRequest((request) => request.url().includes(`/v1/search?q=${unfinished.slice(0, 2)}&`));
  await box.pressSequentially(unfinished.slice(0, 2));
  await begun;
  await box.pressSequentially(unfinished.slice(2), { delay: 20 });

  const expected = await ask("/v1/search", { q: unfinished, prefix: "true", size: 24 });
  assert.ok(expected.total > 0, "the word's beginning finds something");
  const showsIt = async () =>
    assert.deepEqual(
      await ids(page, "#hits"),
      expected.hits.map((hit) => hit.id),
    );
  await eventually(showsIt);
  assert.equal(await found(page), expected.total);
  await page.waitForTimeout(1200);
  await showsIt();
  assert.equal(await box.inputValue(), unfinished);
  assert.equal(new URL(page.url()).searchParams.get("q"), unfinished);
  assert.ok(
    (await page.locator("#hits mark").allInnerTexts()).some((text) => wanted.startsWith(text.toLowerCase())),
  );

  // A suggestion is walked to with the arrow keys and taken with Enter.
  await box.fill("");
  await box.pressSequentially(unfinished);
  const { suggestions } = await ask("/v1/suggest", { q: unfinished, size: 8, scopes: "true" });
  assert.ok(suggestions.length > 0);
  await eventually(async () => assert.equal(await offered.count(), suggestions.length));
  assert.equal(await box.getAttribute("aria-expanded"), "true");
  const place = suggestions.findIndex(({ kind }) => kind === "query");
  for (let step = 0; step <= place; step += 1) await page.keyboard.press("ArrowDown");
  assert.equal(await box.getAttribute("aria-activedescendant"), `suggestion-${place}`);
  await page.keyboard.press("Enter");
  await eventually(async () => assert.equal(new URL(page.url()).searchParams.get("q"), suggestions[place].text));
  assert.equal(await box.inputValue(), suggestions[place].text);
  assert.equal(await offered.count(), 0);

  // In a search without a result the page says so, and shows a way on.
  await box.fill("qqzzxxvv");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Nothing matches “qqzzxxvv”" }).waitFor();
  await page.getByRole("button", { name: "See everything" }).click();
  await eventually(async () => assert.ok((await found(page)) > expected.total));
});
