// Pictures of products of which only the id is known, as in a cart or an order: asked for once.

import { get } from "./api.js";
import { picture } from "./picture.js";

const known = new Map(); // product -> address, or the promise of one

/** Remember the picture of a product that was loaded anyway. */
export const remember = (product) => known.set(product.id, product.picture || "");

/** A picture of the product in a frame; it comes when it comes. `sold`: whether the product is there to ask for. */
export function pictureOf(id, { sold = true } = {}) {
  const there = known.get(id);
  if (typeof there === "string") return picture({ id, picture: there });
  const frame = picture({ id });
  if (!there && sold) known.set(id, fetched(id));
  known
    .get(id)
    ?.then((address) => address && frame.replaceChildren(...picture({ id, picture: address }).childNodes));
  return frame;
}

async function fetched(id) {
  const address = await get(`/v1/products/${encodeURIComponent(id)}`).then(
    (product) => product.picture || "",
    () => "",
  );
  known.set(id, address);
  return address;
}
