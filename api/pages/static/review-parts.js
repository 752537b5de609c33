// What every list of reviews is made of: stars, a heading line, the words, pictures, the seller's answer.

import { el, icon } from "./dom.js";
import { moment } from "./words.js";

/** Five stars of which `score` are full. */
export const stars = (score) =>
  el(
    "span",
    { class: "stars", role: "img", "aria-label": `${score} of 5` },
    [1, 2, 3, 4, 5].map((step) => el("span", { class: step <= Math.round(score) ? "full" : "empty" }, icon("star"))),
  );

/** One review; `more` is what its reader can do. Its level of heading is that of `level`. */
export function reviewBody(review, { level = 3, about = null, more = [] } = {}) {
  const bought = review.verified ? "verified buyer" : "not bought here";
  const by = review.author ? `${review.author}., ${bought}` : `A ${bought}`;
  return el(
    "article",
    { class: "review" },
    about && el("p", { class: "review-about" }, about),
    el("p", { class: "review-head" }, stars(review.score), review.title && el(`h${level}`, {}, review.title)),
    el("p", { class: "hint-text" }, `${review.verified || review.author ? by : "From elsewhere"} · `, moment(review.created_at), review.edited_at && " · edited"),
    review.text && el("p", { class: "review-text" }, review.text),
    review.pictures.length > 0 && photos(review.pictures),
    review.answer &&
      el("div", { class: "review-answer" }, el("p", { class: "hint-text" }, "The seller answers"), el("p", {}, review.answer)),
    more,
  );
}

const photos = (pictures) =>
  el(
    "ul",
    { class: "review-photos" },
    pictures.map((picture, place) =>
      el(
        "li",
        {},
        el(
          "a",
          { href: picture.url, target: "_blank", rel: "noopener" },
          el("img", {
            src: picture.thumbnail,
            alt: `Picture ${place + 1} of the review`,
            width: picture.width,
            height: picture.height,
            loading: "lazy",
            decoding: "async",
          }),
        ),
      ),
    ),
  );
