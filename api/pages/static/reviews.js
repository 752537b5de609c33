// The reviews of a product: how many stars it has, what buyers say of it, and what readers say to that.

import { isSuperseded, newestOnly } from "./api.js";
import { announce } from "./announce.js";
import { el, icon, replace } from "./dom.js";
import { reviewBody } from "./review-parts.js";
import { as, perhapsAs } from "./session.js";
import { who } from "./store.js";

const SIZE = 5;
const SORTS = { newest: "Newest", helpful: "Most helpful", highest: "Best", lowest: "Worst" };

/** The section for a product, and `load()` to ask for what is there now. */
export function reviews(product) {
  const section = el("section", { class: "reviews", "aria-labelledby": "reviews-title", hidden: true });
  const newest = newestOnly();
  const chosen = { sort: "newest", score: null };
  let shown = SIZE;

  const ask = (after, limit, signal) =>
    perhapsAs(`/v1/products/${encodeURIComponent(product)}/reviews`, {
      parameters: { ...chosen, after, limit },
      signal,
    });
  const load = async () => {
    try {
      draw(await newest((signal) => ask(null, shown, signal)));
    } catch (problem) {
      if (!isSuperseded(problem)) section.hidden = section.childElementCount === 0; // the product is what was asked for
    }
  };
  const choose = (change) => {
    Object.assign(chosen, change);
    shown = SIZE;
    load();
  };
  const draw = ({ rating, seller, reviews: found }) => {
    const total = Object.values(rating.histogram).reduce((sum, count) => sum + count, 0);
    section.hidden = false;
    const list = el("ul", { class: "review-list" }, found.map((review) => el("li", {}, item(review, load))));
    const more = el("button", { id: "more-reviews", class: "plain", type: "button" }, "More reviews");
    more.addEventListener("click", () => {
      shown = Math.min(shown + 10, 50);
      load();
    });
    replace(
      section,
      el("h2", { id: "reviews-title" }, "Reviews"),
      el(
        "div",
        { class: "reviews-head" },
        rating.mean != null && mean(rating),
        total > 0 && histogram(rating, total, chosen, choose),
        sellerRating(seller),
      ),
      total === 0 && el("p", { class: "hint-text" }, "Nobody has reviewed it yet."),
      total > 1 && sorting(chosen, choose),
      found.length > 0 && list,
      found.length === shown && shown < 50 && found.length < total && more,
    );
  };
  return { section, load };
}

const mean = (rating) =>
  el(
    "p",
    { class: "reviews-mean" },
    el("strong", {}, rating.mean.toFixed(1)),
    icon("star"),
    el("span", {}, `${rating.count} ${rating.count === 1 ? "rating" : "ratings"}`),
  );

const sellerRating = (seller) =>
  seller.rating != null &&
  el("p", { class: "hint-text" }, `${seller.name}, who sells it: ${seller.rating.toFixed(1)} of 5 by ${seller.rating_count}`);

// A bar for each score, which chooses the reviews with that score.
const histogram = ({ histogram: counts }, total, chosen, choose) =>
  el(
    "ul",
    { class: "histogram" },
    [5, 4, 3, 2, 1].map((score) => {
      const bar = el("span", { class: "bar" }, el("i", {}));
      bar.firstChild.style.setProperty("inline-size", `${(100 * counts[score]) / total}%`);
      return el(
        "li",
        {},
        el(
          "button",
          {
            id: `score-${score}`,
            type: "button",
            "aria-pressed": String(chosen.score === score),
            disabled: counts[score] === 0 && chosen.score !== score,
            onclick: () => choose({ score: chosen.score === score ? null : score }),
          },
          el("span", {}, score, el("span", { class: "unseen" }, score === 1 ? " star: " : " stars: ")),
          bar,
          el("span", {}, counts[score]),
        ),
      );
    }),
  );

const sorting = (chosen, choose) =>
  el(
    "label",
    { class: "sort" },
    "Sort ",
    el(
      "select",
      { id: "sort-reviews", onchange: (event) => choose({ sort: event.target.value }) },
      Object.entries(SORTS).map(([value, name]) => el("option", { value, selected: value === chosen.sort }, name)),
    ),
  );

function item(review, changed) {
  const path = `/v1/reviews/${encodeURIComponent(review.id)}`;
  const votes = review.helpful > 0 && `${review.helpful} found this helpful`;
  const helpful = button(review.found_helpful ? "Not helpful after all" : "Helpful", `helpful-${review.id}`, async () => {
    await as(`${path}/helpful`, { method: review.found_helpful ? "DELETE" : "POST" });
    await changed();
  });
  const report = button("Report", `report-${review.id}`, async () => {
    await as(`${path}/report`, { method: "POST" });
    announce("Thank you: somebody will look at this review.");
  });
  const can = who() && !review.mine;
  return reviewBody(review, {
    more: (votes || can) && el("p", { class: "review-can" }, votes && el("span", {}, votes), can && [helpful, report]),
  });
}

function button(label, id, act) {
  const onclick = async (event) => {
    const pressed = event.currentTarget;
    pressed.disabled = true;
    try {
      await act();
    } catch (problem) {
      announce(problem.message);
    }
    pressed.disabled = false;
  };
  return el("button", { id, class: "quiet", type: "button", onclick }, label);
}
