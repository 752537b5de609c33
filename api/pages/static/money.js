// Money comes as minor units with a currency and is shown in major ones.

// Where the browser knows another exponent than ISO 4217 does, the shop's own table (core/money.py) counts.
const EXPONENTS = { JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, BHD: 3, KWD: 3, TND: 3, JOD: 3, OMR: 3 };

/** How many decimal places the minor unit stands below the major one. */
export const exponent = (currency) => EXPONENTS[currency] ?? 2;

/** "£2.95" for {minor: 295, currency: "GBP"}. */
export function formatMoney({ minor, currency }) {
  const digits = exponent(currency);
  const shape = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(navigator.language, shape).format(minor / 10 ** digits);
}

/** "£", or the code where there is no symbol. */
export function currencySymbol(currency) {
  const parts = new Intl.NumberFormat(navigator.language, { style: "currency", currency }).formatToParts(0);
  return parts.find((part) => part.type === "currency")?.value ?? currency;
}

/** Minor units from what a person typed in major ones; null for nothing or nonsense. */
export function toMinor(typed, currency) {
  const text = typed.trim().replace(",", ".");
  const value = Number(text);
  return text === "" || !Number.isFinite(value) || value < 0 ? null : Math.round(value * 10 ** exponent(currency));
}

/** The text of an input in major units. */
export function toMajor(minor, currency) {
  return minor === null ? "" : String(minor / 10 ** exponent(currency));
}

/** The whole percentage off the list price, 0 where there is none. */
export function percentOff(price, listPrice) {
  if (!price || !listPrice || listPrice.minor <= price.minor || listPrice.currency !== price.currency) return 0;
  return Math.round((1 - price.minor / listPrice.minor) * 100);
}
