// Reviews at work: sellers answer those of themselves and their goods, staff look at what is new or was reported.

import { accountFrame } from "./account-frame.js";
import { announce } from "./announce.js";
import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { message } from "./messages.js";
import { reviewBody } from "./review-parts.js";
import { as } from "./session.js";

const SIZE = 20;

/** The page of a seller; see desk.js. */
export async function answers(root, { signal }) {
  const list = el("ul", { class: "plain-list review-desk" });
  const more = el("div", { class: "more" });
  const load = async (after) => {
    const { reviews } = await as("/v1/seller/reviews", { parameters: { limit: SIZE, after }, signal });
    list.append(...reviews.map(answerable));
    const on = async (event) => {
      event.target.disabled = true;
      await load(reviews.at(-1).id).catch(() => (event.target.disabled = false));
    };
    replace(
      more,
      reviews.length === SIZE && el("button", { class: "plain", type: "button", onclick: on }, "Older ones"),
    );
  };
  await load(null);
  signal.throwIfAborted();
  const none = message({ title: "No reviews yet", text: "What buyers say of you and your goods is found here." });
  replace(root, accountFrame("reviews", "Reviews", list.childElementCount ? [list, more] : none));
}

function answerable(review) {
  const place = el("li", {});
  const path = `/v1/seller/reviews/${encodeURIComponent(review.id)}/answer`;
  const draw = (now) => {
    const send = async ({ text }) => {
      draw(await as(path, { method: "PUT", body: { text } }));
      announce(text ? "Your answer is shown below the review." : "Your answer is taken back.");
    };
    const written = field({ label: "Your answer", name: "text", kind: "textarea", value: now.answer, maxlength: 5000, rows: 2 });
    const asked = form({ button: "Answer", fields: [written], send, plain: true });
    replace(place, reviewBody(now, { level: 2, about: subject(now), more: asked }));
  };
  draw(review);
  return place;
}

/** The page of staff. */
export async function moderation(root, { signal }) {
  const head = el("p", { class: "lead", role: "status" });
  const list = el("ul", { class: "plain-list review-desk" });
  const load = async () => {
    const { waiting, reviews } = await as("/v1/staff/reviews", { parameters: { limit: SIZE }, signal });
    replace(head, waiting === 0 ? "Nothing waits." : `${waiting} ${waiting === 1 ? "review waits" : "reviews wait"}.`);
    replace(list, ...reviews.map((review) => el("li", {}, judged(review, load))));
  };
  await load();
  signal.throwIfAborted();
  replace(root, accountFrame("moderation", "Reviews to look at", head, list));
}

function judged(review, changed) {
  const path = `/v1/staff/reviews/${encodeURIComponent(review.id)}`;
  // Whatever came of it, the list is asked for anew: another may have been quicker, or the author has edited.
  const decide = (act, body) =>
    as(`${path}/${act}`, { method: "POST", body: { version: review.version, ...body } }).finally(changed);
  const show = el("button", { class: "solid", type: "button" }, "Publish");
  show.addEventListener("click", () => {
    show.disabled = true;
    decide("publish", {}).catch((problem) => announce(problem.message));
  });
  const reason = field({ label: "Why not? The author reads it", name: "reason", required: true, maxlength: 500 });
  const facts = [
    subject(review),
    review.status === "pending" ? "not shown" : "shown",
    review.reports > 0 && `reported by ${review.reports}`,
  ];
  const send = (said) => decide("reject", said);
  const reject = form({ button: "Reject", fields: [reason], send, plain: true });
  return reviewBody(review, { level: 2, about: facts.filter(Boolean).join(" · "), more: [show, reject] });
}

const subject = ({ subject: kind, product_title: title, seller_name: seller }) =>
  ({ product: title, seller: `The seller ${seller}`, buyer: `Of a buyer, by ${seller}` })[kind];
