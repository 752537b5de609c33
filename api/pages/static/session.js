// Being logged in: the access token is kept in memory alone, and renewed when it is too old.

import { call, Problem } from "./api.js";
import { announce } from "./announce.js";
import { setWho, who } from "./store.js";
import { alone, keepRefreshToken, refreshToken } from "./token.js";

const EARLY = 30_000; // milliseconds before its end that a token counts as too old

let held = null; // {user, token, until}: `until` by a clock that nobody sets

const usable = () => (held && held.user === who()?.user && performance.now() < held.until ? held.token : null);

/** Ask the API as the user who is logged in. A Problem with status 401 says that nobody is (any more). */
export async function as(path, options = {}) {
  const token = usable() ?? (await renew(null));
  try {
    return await call(path, bearing(token, options));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    return call(path, bearing(await renew(token), options));
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

async function keep(answer) {
  await keepRefreshToken(answer.refresh_token); // before anything else: the one before is used up
  const until = performance.now() + answer.expires_in * 1000 - EARLY;
  held = { user: answer.user, token: answer.access_token, until };
}

async function forget() {
  held = null;
  await keepRefreshToken(null);
  if (who()) setWho(null);
}

const nobody = () =>
  new Problem({ title: "Not logged in", detail: "Log in to go on.", status: 401, type: "/unauthorized" });

// The next access token. Of those of this tab who come with the same old one, the first renews it for all.
const renew = (refused) =>
  alone(async () => {
    if (!who()) throw nobody();
    if (usable() && usable() !== refused) return usable();
    const refresh = await refreshToken();
    if (refresh !== null) {
      try {
        const answer = await call("/v1/auth/refresh", { method: "POST", body: { refresh_token: refresh } });
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
