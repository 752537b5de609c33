// What stays in the browser: texts by name. Storage can be switched off or full: then it lasts as long as the page.

const memory = new Map();

/** The text under a name, or null. */
export function load(name) {
  try {
    return localStorage.getItem(`merx.${name}`) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Keep a text under a name; an empty one is as good as none. */
export function save(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`merx.${name}`, value);
  } catch {
    // kept in memory
  }
}

/** The object under a name, or null where there is none that can be read. */
export function loadObject(name) {
  try {
    const found = JSON.parse(load(name) || "null");
    return found !== null && typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}

/** Keep an object under a name; null takes it away. */
export const saveObject = (name, value) => save(name, value === null ? "" : JSON.stringify(value));

/** Something of this tab alone, which outlives a reload: an object, or null. */
export function loadForTab(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`merx.${name}`) ?? "null");
  } catch {
    return memory.get(`tab.${name}`) ?? null;
  }
}

/** Keep an object for this tab; null takes it away. */
export function saveForTab(name, value) {
  memory.set(`tab.${name}`, value);
  try {
    if (value === null) sessionStorage.removeItem(`merx.${name}`);
    else sessionStorage.setItem(`merx.${name}`, JSON.stringify(value));
  } catch {
    // kept in memory
  }
}
