// Stripe's card form: the card goes from here to Stripe, and never to the shop.

const asked = new URLSearchParams(location.hash.slice(1));
const back = `/orders/${encodeURIComponent(asked.get("order") ?? "")}`;
const [form, told, pay] = ["form", "told", "pay"].map((id) => document.getElementById(id));
document.getElementById("back").href = back;

if (!globalThis.Stripe) {
  told.textContent = "The card form cannot be loaded. Try again, or pay in another way.";
} else if (!asked.get("secret")) {
  told.textContent = "There is nothing to pay here. Go back to your order.";
} else {
  const stripe = globalThis.Stripe(document.body.dataset.key);
  const elements = stripe.elements({ clientSecret: asked.get("secret") });
  const card = elements.create("payment");
  card.on("ready", () => (pay.disabled = false));
  card.on("loaderror", ({ error }) => (told.textContent = error.message));
  card.mount("#card");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    pay.disabled = true;
    told.textContent = "";
    const confirmParams = { return_url: `${location.origin}${back}` };
    // It answers only where the card was refused: otherwise it leads away from here, by the bank's page or at once.
    const { error } = await stripe.confirmPayment({ elements, confirmParams });
    told.textContent = error.message;
    pay.disabled = false;
  });
}
