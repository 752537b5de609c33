// "Why this?": the parts that are shown add up to the score that is shown, in results and in rows.

import { assert, scenario, word } from "../scenario.mjs";

const explained = (page, part) =>
  page.locator(`${part} details.why`).evaluateAll((all) =>
    all.map((why) => {
      const read = (data) => [Number(data.value), Math.round(Number(data.textContent.replace("−", "-")) * 1000)];
      return {
        parts: [...why.querySelectorAll(":scope > ul data")].map(read),
        score: read(why.querySelector(".sum data")),
      };
    }),
  );

await scenario(async ({ page, open }) => {
  for (const [path, part] of [
    [`/?q=${await word()}`, "#hits"],
    ["/", "#rows"],
  ]) {
    await open(path);
    await page.locator(`${part} article`).first().waitFor();
    const cards = await page.locator(`${part} article`).count();
    const all = await explained(page, part);
    assert.equal(all.length, cards, "every card says why");
    for (const { parts, score } of all) {
      const sum = (column) => parts.reduce((total, values) => total + values[column], 0);
      assert.ok(Math.abs(sum(0) - score[0]) < 1e-5, `${JSON.stringify(parts)} against ${score}`);
      assert.equal(sum(1), score[1], "as shown, in thousandths");
    }
    const details = page.locator(`${part} details.why`).first();
    assert.equal(await details.locator(".part").first().isVisible(), false);
    await details.getByText("Why this?").click();
    await details.locator(".part").first().waitFor();
    assert.equal(new URL(page.url()).searchParams.get("product"), null, "looking why does not open the product");
  }
});
