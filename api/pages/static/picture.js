// A product's picture, or a drawn stand-in where there is none or it does not load.

import { el, svg } from "./dom.js";

/** The picture in a frame of fixed shape, so that nothing moves when it arrives. */
export function picture(product, { alt = "", eager = false } = {}) {
  const frame = el("div", { class: "picture" });
  if (!product.picture) {
    frame.append(standIn(product));
    return frame;
  }
  const image = el("img", { alt, width: 400, height: 400, decoding: "async", loading: eager ? "eager" : "lazy" });
  image.addEventListener("error", () => image.replaceWith(standIn(product)), { once: true });
  image.src = product.picture;
  frame.append(image);
  return frame;
}

// A parcel in a colour that stays the same for the product.
function standIn(product) {
  const drawing = svg(
    "svg",
    { class: "stand-in", viewBox: "0 0 120 120", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    svg("rect", { class: "ground", width: 120, height: 120 }),
    svg("path", { class: "face", d: "M60 34 88 47v28L60 88 32 75V47z" }),
    svg("path", {
      class: "edge",
      d: "M60 34 88 47v28L60 88 32 75V47zM32 47l28 13 28-13M60 60v28M46 40.5l28 13v10",
    }),
  );
  drawing.style.setProperty("--hue", hue(product.id));
  return drawing;
}

function hue(id) {
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return (hash * 137) % 360; // neighbours in the catalogue are far apart on the wheel
}
