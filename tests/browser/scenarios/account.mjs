// The personal centre: profile, addresses, favourites, passwords, the e-mail address, sessions, one's own data.

import { readFile } from "node:fs/promises";

import { ask, assert, eventually, ids, scenario } from "../scenario.mjs";
import { PASSWORD, api, enter, logIn, newcomer } from "../trade.mjs";

const person = await newcomer();
const next = "another sentence of mine";
const renamed = `renamed-${person.email}`;

await scenario(
  async ({ page, open }) => {
    const said = (text) => page.locator("#announcement").getByText(text).waitFor();
    const dialog = page.locator("#entrance");

    // A guest who likes something is asked who they are, and then it is marked.
    await open("/?sort=-popularity");
    await page.locator("#hits article").first().waitFor();
    const [liked, other] = await ids(page, "#hits");
    const heart = (id) => page.locator(`#hits [data-heart="${id}"]`);
    await heart(liked).click();
    await dialog.getByLabel("E-mail").fill(person.email);
    await dialog.getByLabel("Password").fill("not the password");
    await dialog.getByRole("button", { name: "Log in", exact: true }).click();
    await dialog.getByRole("alert").getByText("the password is wrong").waitFor();
    await enter(page, person.email);
    await eventually(async () => assert.equal(await heart(liked).getAttribute("aria-pressed"), "true"));
    await heart(other).click();
    await heart(liked).click();
    const marked = async () =>
      (await api("/v1/me/favourites", { token: person.token })).favourites.map(({ product }) => product);
    await eventually(async () => assert.deepEqual(await marked(), [other]));
    await page.reload();
    await eventually(async () => assert.equal(await heart(other).getAttribute("aria-pressed"), "true"));
    assert.equal(await heart(liked).getAttribute("aria-pressed"), "false");
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByRole("link", { name: "Favourites" }).click();
    const { title } = await ask(`/v1/products/${encodeURIComponent(other)}`);
    await page.locator(".favourites").getByRole("link", { name: title }).click();
    await page.locator("#product h1").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#product").waitFor({ state: "hidden" });
    assert.equal(new URL(page.url()).pathname, "/account/favourites");

    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Ann Example");
    await page.getByRole("textbox", { name: "Phone" }).fill("not a number");
    await page.getByRole("button", { name: "Save the profile" }).click();
    await eventually(async () =>
      assert.equal(await page.getByRole("textbox", { name: "Phone" }).getAttribute("aria-invalid"), "true"),
    );
    await page.getByRole("textbox", { name: "Phone" }).fill("+44 20 7946 0958");
    await page.getByRole("button", { name: "Save the profile" }).click();
    await said("Your profile is saved.");
    const me = await api("/v1/me", { token: person.token });
    assert.deepEqual([me.name, me.phone], ["Ann Example", "+44 20 7946 0958"]);
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download my data" }).click();
    const data = JSON.parse(await readFile(await (await coming).path(), "utf8"));
    assert.equal(data.profile.email, person.email);
    assert.equal(data.addresses.length, 1);

    await page.getByRole("link", { name: "Addresses" }).click();
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("textbox", { name: "City" }).fill("Leeds");
    await page.getByRole("button", { name: "Save the address" }).click();
    await page.getByText("N1 9GU Leeds").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("N1 9GU Leeds").waitFor({ state: "detached" });

    // Another password ends the other sessions, of which there is one; this one goes on.
    await page.getByRole("link", { name: "Security" }).click();
    await page.getByRole("button", { name: "Log out there" }).first().waitFor();
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill(next);
    await page.getByRole("button", { name: "Change the password" }).click();
    await said("Your password is changed");
    await eventually(async () =>
      assert.equal(await page.getByRole("button", { name: "Log out there" }).count(), 0),
    );
    await logIn(person.email, next);

    await page.getByLabel("New e-mail").fill(renamed);
    await page.getByLabel("Password", { exact: true }).fill(next);
    await page.getByRole("button", { name: "Send a link to the new address" }).click();
    await page.getByRole("link", { name: "Confirm your new e-mail address" }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Your account has the new address now.").waitFor();
    await page.getByRole("button", { name: "To the shop" }).click();

    // Logged out, the password is forgotten.
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("link", { name: "Log in" }).click();
    await dialog.getByRole("button", { name: "Password forgotten" }).click();
    await dialog.getByLabel("E-mail").fill(renamed);
    await dialog.getByRole("button", { name: "Send the link" }).click();
    await dialog.getByRole("link", { name: "A new password" }).click();
    await page.getByRole("textbox", { name: "New password" }).fill(PASSWORD);
    await page.getByRole("button", { name: "Save the password" }).click();
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await enter(page, renamed);
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByText("No orders yet").waitFor();

    // Erased: with the right password alone, and then nobody can log in as that any more.
    await page.getByRole("link", { name: "Security" }).click();
    await page.getByRole("button", { name: "Erase my account" }).click();
    await page.getByRole("button", { name: "Keep my account" }).click();
    await page.getByRole("button", { name: "Erase my account" }).click();
    const erase = page.getByRole("form", { name: "Erase your account" });
    await erase.getByLabel("Password").fill("not the password");
    await erase.getByRole("button", { name: "Erase my account for good" }).click();
    await erase.getByRole("alert").getByText("the current password is wrong").waitFor();
    await erase.getByLabel("Password").fill(PASSWORD);
    await erase.getByRole("button", { name: "Erase my account for good" }).click();
    await said("Your account is erased.");
    await page.getByRole("link", { name: "Log in" }).click();
    await dialog.getByLabel("E-mail").fill(renamed);
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Log in", exact: true }).click();
    await dialog.getByRole("alert").getByText("the password is wrong").waitFor();
    await page.keyboard.press("Escape");

    // A link that was used leads nowhere.
    await open("/account/verify");
    await page.getByText("This link is not whole, or was used.").waitFor();
  },
  { expected: /status of 4(01|03|22)/ },
);
