// Who shops: the guest of this browser, or, where the shop has sample shoppers, one of them; or who is logged in.

import { get } from "./api.js";
import { byId, el, replace } from "./dom.js";
import { guest, newGuest, onChange, shopAs, shopper, who } from "./store.js";

/** Offer the shoppers; the picker stays away where there are none to pick, as in production. */
export async function start() {
  const shoppers = byId("shopper") ? await samples() : [];
  if (shoppers.length === 0) {
    // A shopper chosen in another shop on this address is nobody here.
    if (!who() && shopper() !== guest()) shopAs("");
    return;
  }
  const choice = byId("shopper-choice");
  const draw = () => {
    const option = (key, label) => el("option", { value: key, selected: key === shopper() }, label);
    replace(choice, option(guest(), "Guest (you)"), ...shoppers.map(({ key, label }) => option(key, label)));
    byId("shopper").hidden = who() !== null; // who is logged in shops as nobody else
  };
  draw();
  onChange("shopper", draw);
  choice.addEventListener("change", () => shopAs(choice.value));
  byId("new-guest").addEventListener("click", newGuest);
}

async function samples() {
  try {
    return (await get("/v1/shoppers/samples")).shoppers;
  } catch {
    return []; // the shop can be used without
  }
}
