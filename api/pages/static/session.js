// Being logged in: requests carry the access token, which is renewed when it is too old, by one tab for all.

import { call, Problem } from "./api.js";
import { announce } from "./announce.js";
import { setWho, who } from "./store.js";
import { alone, keepTokens, readTokens } from "./token.js";

const EARLY = 30_000; // milliseconds before its end that a token counts as too old

let held = null; // the tokens as this tab last saw them

const usable = () => (held && held.user === who()?.user && Date.now() < held.until ? held.access : null);

/** Ask the API as the user who is logged in. A Problem with status 401 says that nobody is (any more). */
export async function as(path, options = {}) {
  let token = usable() ?? (await renew(null));
  for (let tries = 1; ; tries += 1) {
    try {
      return await call(path, bearing(token, options));
    } catch (problem) {
      // Twice: what another tab got in the meantime may be too old as well.
      if (problem.status !== 401 || tries > 2) throw problem;
      token = await renew(token);
    }
  }
}

/** The headers for a request that is not made here; `refused` is the token that was answered with 401. */
export const authorization = async (refused = null) => ({
  Authorization: `Bearer ${(usable() === refused ? null : usable()) ?? (await renew(refused))}`,
});

/** Ask as the user where somebody is logged in, and as nobody otherwise. */
export const perhapsAs = (path, options = {}) => (who() ? as(path, options) : call(path, options));

const bearing = (token, { headers = {}, ...options }) => ({
  ...options,
  headers: { ...headers, Authorization: `Bearer ${token}` },
});

/** Log in; throws a Problem. */
export async function logIn(email, password) {
  const answer = await call("/v1/auth/login", { method: "POST", body: { email, password } });
  await alone(() => keep(answer));
  setWho({ user: answer.user, role: answer.role, shopper: answer.shopper });
}

/** Log out here, or everywhere. */
export async function logOut({ everywhere = false } = {}) {
  try {
    await as("/v1/auth/logout", { method: "POST", body: { everywhere } });
  } catch (problem) {
    if (problem.status !== 401) throw problem; // 401: it has ended already
  }
  await alone(forget);
}

/** Forget the login here, which has ended already. */
export const forgetLogin = () => alone(forget);

async function keep({ user, access_token: access, refresh_token: refresh, expires_in }) {
  held = { user, access, refresh, until: Date.now() + expires_in * 1000 - EARLY };
  await keepTokens(held); // before anything else: the refresh token before it is used up
}

async function forget() {
  held = null;
  await keepTokens(null);
  if (who()) setWho(null);
}

const nobody = () =>
  new Problem({ title: "Not logged in", detail: "Log in to go on.", status: 401, type: "/unauthorized" });

// The next access token. Of those who come with the same old one, in all tabs, the first renews it for the others.
const renew = (refused) =>
  alone(async () => {
    if (!who()) throw nobody();
    held = await readTokens();
    if (usable() && usable() !== refused) return usable();
    if (held) {
      try {
        const answer = await call("/v1/auth/refresh", { method: "POST", body: { refresh_token: held.refresh } });
        await keep(answer);
        if (answer.user !== who()?.user) setWho({ user: answer.user, role: answer.role, shopper: answer.shopper });
        return answer.access_token;
      } catch (problem) {
        if (problem.status !== 401) throw problem;
      }
    }
    await forget();
    announce("Your session has ended, and you are logged out. Log in to go on.");
    throw nobody();
  });
