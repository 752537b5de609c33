// The choice of a variant: one group of buttons for each option, each choice a variant that exists.

import { el } from "./dom.js";

const label = (variant) => Object.values(variant.options).join(" · ") || variant.sku;

/** The variant that is chosen to begin with: the cheapest in stock, or the first; undefined where there is none. */
export function variantStart(product) {
  const cheapest = (one, other) => one.price.minor - other.price.minor;
  return product.variants.filter((variant) => variant.in_stock).sort(cheapest)[0] ?? product.variants[0];
}

/**
 * The groups of options, or null where there is nothing to choose; `choose(variant)` is called at each choice after
 * the `first`.
 */
export function choices(product, choose, first = variantStart(product)) {
  const { variants } = product;
  if (variants.length < 2) return null;
  const names = [...new Set(variants.flatMap((variant) => Object.keys(variant.options)))];
  const key = (variant) => JSON.stringify(names.map((name) => variant.options[name] ?? null));
  const distinct = names.length > 0 && new Set(variants.map(key)).size === variants.length;
  let chosen = first;
  const parent = el("div", { class: "variants" });
  const pick = (variant) => {
    chosen = variant;
    mark();
    choose(variant);
  };

  const button = (group, text, find, id) => {
    const key = `option-${group}-${encodeURIComponent(text)}`; // the focus finds it again when it is drawn anew
    const input = el("input", { id: key, type: "radio", name: `option-${group}`, onchange: () => pick(find()) });
    const node = el("label", { class: "option" }, input, el("span", {}, text));
    return { node, input, is: (variant) => id(variant) };
  };
  const groups = distinct
    ? names.map((name, group) => {
        const values = [...new Set(variants.map((variant) => variant.options[name]).filter(Boolean))];
        return [
          name,
          values.map((value) =>
            button(
              group,
              value,
              () => nearest(name, value),
              (variant) => variant.options[name] === value,
            ),
          ),
        ];
      })
    : [
        [
          "Variant",
          variants.map((variant) =>
            button(
              0,
              label(variant),
              () => variant,
              (other) => other === variant,
            ),
          ),
        ],
      ];

  // Of the variants with this value, the one that keeps most of the other choices, rather one in stock.
  const nearest = (name, value) => {
    const kept = (variant) => names.filter((other) => variant.options[other] === chosen.options[other]).length;
    const worth = (variant) => kept(variant) * 2 + (variant.in_stock ? 1 : 0);
    const able = variants.filter((variant) => variant.options[name] === value);
    return able.sort((one, other) => worth(other) - worth(one))[0];
  };

  const mark = () => {
    for (const [name, buttons] of groups) {
      for (const { node, input, is } of buttons) {
        input.checked = is(chosen);
        const there = variants.some(
          (variant) => is(variant) && variant.in_stock && (!distinct || fits(variant, name)),
        );
        node.classList.toggle("gone", !there);
      }
    }
  };
  const fits = (variant, name) =>
    names.every((other) => other === name || variant.options[other] === chosen.options[other]);

  parent.append(
    ...groups.map(([name, buttons]) =>
      el("fieldset", { class: "options" }, el("legend", {}, name), ...buttons.map(({ node }) => node)),
    ),
  );
  mark();
  return parent;
}
