// The states of orders and of what belongs to them, and moments, in words.

const WORDS = {
  order: {
    pending: "Waiting for payment",
    paid: "Paid",
    "part-shipped": "Partly on its way",
    shipped: "On its way",
    delivered: "Delivered",
    cancelled: "Cancelled",
  },
  payment: {
    created: "Begun",
    pending: "Waiting",
    captured: "Paid",
    failed: "Failed",
    closed: "Ended without payment",
  },
  refund: { requested: "On its way back", settled: "Given back", failed: "Being looked into" },
  return: {
    requested: "Waiting for the seller",
    approved: "The seller agrees: send it",
    rejected: "Refused",
    withdrawn: "Kept after all",
    received: "Received by the seller",
  },
  // As its seller reads it.
  "return-here": {
    requested: "Waiting for your answer",
    approved: "On its way to you",
    rejected: "Refused",
    withdrawn: "Kept by the buyer",
    received: "Received",
  },
  shipment: { prepared: "Being packed", shipped: "On its way", delivered: "Received", cancelled: "Cancelled" },
};

/** A state in words; one that is not known is said as it is. */
export const inWords = (subject, state) => WORDS[subject]?.[state] ?? state;

const METHODS = {
  test: "Test payment",
  "stripe card": "Card",
  "alipay page": "Alipay",
  "alipay qr": "Alipay, by a code to scan",
  "wechatpay native": "WeChat Pay, by a code to scan",
};
const PROVIDERS = { test: "Test payment", alipay: "Alipay", wechatpay: "WeChat Pay", stripe: "Card" };

/** How a payment provider is called. */
export const providerName = (provider) => PROVIDERS[provider] ?? provider;

/** How one of a provider's ways to pay is called. */
export const methodName = (provider, method) =>
  METHODS[`${provider} ${method}`.trim()] ?? [providerName(provider), method].filter(Boolean).join(", ");

const shape = new Intl.DateTimeFormat(navigator.language, { dateStyle: "medium", timeStyle: "short" });

/** A moment in the browser's language and time zone. */
export const moment = (at) => shape.format(new Date(at));

/** "4:09" for 249 seconds. */
export const clockFace = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
