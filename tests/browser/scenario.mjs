// What every scenario shares: a page in Chromium that may not talk to anything but the shop, and must not complain.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MERX_TEST_NODE}/`);
const { chromium } = require("playwright-core");

export { assert };
export const axe = require("axe-core");

const SHOP = process.env.MERX_TEST_SHOP_URL;
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
const PATIENCE = 10_000; // milliseconds

/** Ask the shop's API itself. */
export async function ask(path, parameters = {}) {
  const answer = await fetch(`${SHOP}${path}?${new URLSearchParams(parameters)}`);
  assert.equal(answer.status, 200, `${path} ${JSON.stringify(parameters)}`);
  return answer.json();
}

/** Wait until `check` no longer throws; what it threw last is the failure. */
export async function eventually(check) {
  for (const end = Date.now() + PATIENCE; ;) {
    try {
      return await check();
    } catch (failure) {
      if (Date.now() > end) throw failure;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/**
 * Run a scenario. `play({page, open})` gets a page and a way to open an address of the shop (in another tab too). It
 * fails when a check of it does, when a page writes an error or a warning to the console (but those in `expected`),
 * throws, or asks anything of another host (but of addresses in `beside`).
 */
export async function scenario(play, { expected = /^$/, beside = /^$/, ...context } = {}) {
  const browser = await chromium.launch({ executablePath: process.env.MERX_TEST_CHROMIUM, args: ARGUMENTS });
  try {
    const faults = [];
    const options = {
      viewport: { width: 1280, height: 900 },
      locale: "en-GB",
      reducedMotion: "reduce",
      ...context,
    };
    const tabs = await browser.newContext(options);
    tabs.setDefaultTimeout(PATIENCE);
    tabs.on("weberror", (thrown) => faults.push(`thrown: ${thrown.error().stack}`));
    tabs.on("console", (line) => {
      const loud = line.type() === "error" || line.type() === "warning";
      const said = `${line.text()} ${line.location().url}`;
      if (loud && !expected.test(said)) faults.push(`${line.type()}: ${said}`);
    });
    tabs.on("request", (request) => {
      const inside = request.url().startsWith(SHOP) || request.url().startsWith("blob:");
      if (!inside && !beside.test(request.url())) faults.push(`outside: ${request.url()}`);
    });
    const page = await tabs.newPage();
    await play({ page, open: (path = "/", tab = page) => tab.goto(SHOP + path) });
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
  }
}

/** The number of products that the page says it found. */
export const found = async (page) =>
  Number((await page.locator("#status").innerText()).match(/^([\d,]+) product/)[1].replaceAll(",", ""));

/** The product ids of the cards in a part of the page, in order. */
export const ids = (page, part) =>
  page.locator(`${part} a[data-product]`).evaluateAll((links) => links.map((link) => link.dataset.product));

/** A word of at least five Latin letters that several titles have, but not all: something to search for. */
export async function word() {
  const { hits, total } = await ask("/v1/search", { size: 50 });
  for (const hit of hits) {
    for (const candidate of hit.title.toLowerCase().match(/\b[a-z]{5,}\b/g) ?? []) {
      const answer = await ask("/v1/search", { q: candidate });
      if (answer.total >= 4 && answer.total < total / 2 && answer.facets.brand.length > 1) return candidate;
    }
  }
  throw new Error("no title has a word to search for");
}
