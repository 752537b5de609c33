// Where a login is kept: its tokens in IndexedDB, for all tabs of the shop.
//
// Not in sessionStorage: a new tab would not be logged in, and one that is duplicated would use a refresh token a
// second time, which ends the session. Not in localStorage: tabs are processes, and hear late of each other's writes; a
// tab could read the token that another has just used up. A transaction of IndexedDB sees what was written before it.
//
// The access token lies beside the refresh token, so that a page that is loaded need not renew it: a page that is
// left while it renews never hears the answer, and then the login is lost (going back and forward quickly was enough).
// It tells nobody more than the refresh token does. Script of the page could read both: what keeps foreign script out
// is the page's policy (no inline script, none from elsewhere, trusted types), and a refresh token that was taken and
// used is noticed at its second use.

let memory = null; // where there is no IndexedDB the login lasts as long as the page

const open = () =>
  new Promise((resolve, reject) => {
    const asked = indexedDB.open("merx", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("session");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const turn = database.transaction("session", mode, { durability: "strict" });
      const asked = work(turn.objectStore("session"));
      turn.oncomplete = () => resolve(asked.result);
      turn.onabort = () => reject(turn.error);
    });
  } finally {
    database.close();
  }
}

/** The tokens as {user, access, until, refresh}, `until` by the browser's clock; or null. */
export async function readTokens() {
  try {
    return (await within("readonly", (store) => store.get("tokens"))) ?? null;
  } catch {
    return memory;
  }
}

/** Keep the next tokens; null takes them away. */
export async function keepTokens(tokens) {
  memory = tokens;
  try {
    await within("readwrite", (store) => (tokens === null ? store.delete("tokens") : store.put(tokens, "tokens")));
  } catch {
    // kept in memory
  }
}

let line = Promise.resolve();

/**
 * Do something that no other tab does at the same time: a refresh token is good for one use. Locks are there on
 * https and on this machine; elsewhere the tasks of this tab wait for one another at least.
 */
export function alone(task) {
  if (navigator.locks) return navigator.locks.request("merx.session", task);
  const mine = line.then(task, task);
  line = mine.catch(() => {});
  return mine;
}
