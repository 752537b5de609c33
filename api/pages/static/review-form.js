// Reviewing what has arrived, on the page of its order: of each line the product and who sold it.

import { announce } from "./announce.js";
import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { once } from "./placing.js";
import { reviewBody } from "./review-parts.js";
import { as } from "./session.js";

const SUBJECTS = { product: "the product", seller: "the seller" };
const STATES = { pending: "Waiting to be looked at", published: "Shown", rejected: "Not shown" };
const SCORES = { 5: "5 – very good", 4: "4 – good", 3: "3 – all right", 2: "2 – poor", 1: "1 – bad" };

/** The part of an order's page that is about reviews; what is being written stays when the order changes. */
export class Reviewing {
  constructor(section, { signal }) {
    this.section = section;
    this.signal = signal;
    this.drawn = "";
  }

  /** Show what can be reviewed of the order. */
  async show(order) {
    const there = new Set(
      order.shipments.filter(({ status }) => status === "delivered").flatMap(({ lines }) => Object.keys(lines)),
    );
    const lines = order.lines.filter(({ line }) => there.has(String(line)));
    const key = lines.map(({ line }) => line).join();
    if (key === this.drawn) return;
    this.drawn = key;
    await this.draw(order, lines).catch(() => {
      this.drawn = ""; // with the order's next change
    });
  }

  async draw(order, lines) {
    const { reviews } = await as("/v1/me/reviews", { parameters: { order: order.id, limit: 100 }, signal: this.signal });
    const again = () => this.draw(order, lines);
    this.section.hidden = false;
    const items = lines.map((line) =>
      el(
        "li",
        {},
        el("h3", {}, line.title),
        Object.keys(SUBJECTS).map((subject) => {
          const mine = reviews.find((review) => review.line === line.line && review.subject === subject);
          return part({ order, line, subject, mine, again });
        }),
      ),
    );
    replace(this.section, el("h2", {}, "Reviews"), el("ul", { class: "plain-list" }, items));
  }
}

function part({ order, line, subject, mine, again }) {
  const place = el("div", { class: "my-review" });
  const name = `${subject}-${line.line}`;
  const open = () => {
    const back = el("button", { class: "quiet", type: "button", onclick: close }, "Never mind");
    replace(place, writing({ order, line, subject, mine, again, more: back }));
    place.querySelector("select").focus();
  };
  const close = () => {
    const word = mine ? `Edit my review of ${SUBJECTS[subject]}` : `Review ${SUBJECTS[subject]}`;
    const button = (id, label, onclick) => el("button", { id, class: "plain", type: "button", onclick }, label);
    const edit = (!mine || mine.editable) && button(`review-${name}`, word, open);
    const away = mine?.editable && button(`withdraw-${name}`, `Take back my review of ${SUBJECTS[subject]}`, withdraw);
    const state = mine && `${STATES[mine.status]}${mine.verdict ? `: ${mine.verdict}` : ""}`;
    replace(
      place,
      mine ? reviewBody(mine, { level: 4, about: `My review of ${SUBJECTS[subject]} · ${state}` }) : null,
      el("div", { class: "actions" }, edit, away),
    );
  };
  const withdraw = async (event) => {
    event.currentTarget.disabled = true;
    await as(`/v1/me/reviews/${encodeURIComponent(mine.id)}`, { method: "DELETE" }).catch((problem) =>
      announce(problem.message),
    );
    await again();
  };
  close();
  return place;
}

function writing({ order, line, subject, mine, again, more }) {
  const picked = el("input", { id: `photos-${subject}-${line.line}`, type: "file", multiple: true, accept: "image/*" });
  const send = async ({ score, title, text }) => {
    const said = { score: Number(score), title, text };
    const made = mine
      ? await as(`/v1/me/reviews/${encodeURIComponent(mine.id)}`, { method: "PUT", body: said })
      : await once(`/v1/orders/${encodeURIComponent(order.id)}/lines/${line.line}/reviews`, { body: { subject, ...said } });
    for (const photo of picked.files) {
      const body = new FormData();
      body.append("file", photo);
      await as(`/v1/me/reviews/${encodeURIComponent(made.id)}/pictures`, { method: "POST", body }).catch((problem) =>
        announce(`${photo.name}: ${problem.message}`),
      );
    }
    announce("Thank you for your review.");
    await again();
  };
  const options = Object.entries(SCORES).reverse();
  return form({
    label: `Review of ${SUBJECTS[subject]}`,
    button: mine ? "Save the review" : "Send the review",
    more,
    send,
    fields: [
      field({
        label: "How good is it?",
        name: "score",
        kind: "select",
        options: options.map(([value, word]) => el("option", { value, selected: Number(value) === (mine?.score ?? 5) }, word)),
      }),
      field({ label: "In a few words", name: "title", value: mine?.title, maxlength: 120 }),
      field({ label: "What should others know?", name: "text", kind: "textarea", value: mine?.text, maxlength: 5000, rows: 4 }),
      el("div", { class: "field" }, el("label", { for: picked.id }, "Pictures, at most five"), picked),
    ],
  });
}
