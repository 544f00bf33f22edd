// Signing up, in and out, with scripts and without: the two projects of the
// configuration run every test of this file.

import { test, expect, PASSWORD, newPerson, signUp, signIn, enterEmail, enterPassword, submitCode, expectAccount, expectSignedOut } from '../support/test.js';

test('sign up with e-mail, password and a mailed code, sign out, sign in', async ({ page, mailbox }) => {
  const person = newPerson();
  await signUp(page, mailbox, person);
  await signOut(page);
  await expectSignedOut(page);
  await signIn(page, person);
  await expect(page.getByText(person.email).first()).toBeVisible();
});

test('a wrong password is refused, and the right one still works', async ({ page, person }) => {
  await enterEmail(page, person);
  await enterPassword(page, 'not-the-password-at-all');
  await expect(page.getByText(/not correct|incorrect|wrong|does not match|don’t match|do not match/i).first()).toBeVisible();
  await expect(page.getByLabel(/^password/i)).toHaveValue('');
  await enterPassword(page, person.password);
  await expectAccount(page);
});

test('an unknown address gets the same page and the same answer', async ({ page, person, browser, server }) => {
  await enterEmail(page, person);
  await enterPassword(page, 'not-the-password-at-all');
  const known = (await page.getByRole('main').innerText()).replaceAll(person.email, 'ADDRESS');

  const other = await (await browser.newContext({ baseURL: server.url })).newPage();
  const stranger = newPerson();
  await enterEmail(other, stranger);
  await enterPassword(other, 'not-the-password-at-all');
  const unknown = (await other.getByRole('main').innerText()).replaceAll(stranger.email, 'ADDRESS');
  const still = (text) => text.replace(/req_\w+/g, 'REQUEST');
  expect(still(unknown)).toBe(still(known));
  await other.context().close();
});

test('after ten wrong passwords a stranger is challenged first, and a mailed code opens', async ({ page, person, mailbox }) => {
  await enterEmail(page, person);
  for (let tries = 0; tries < 10; tries += 1) {
    await enterPassword(page, `wrong-password-number-${tries}`);
    await page.waitForLoadState();
  }
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByText(/checking that this is a browser|checked\.|small calculation/i).first()).toBeVisible();
  await expect(page).not.toHaveURL(/\/account/);

  await page.goto('/sign-in');
  await enterEmail(page, person);
  await chooseCode(page);
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await submitCode(page);
  await expectAccount(page);
});

test('a forgotten password is replaced by way of the mailbox', async ({ page, person, mailbox }) => {
  await page.goto('/forgot-password');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByRole('main').getByRole('button', { name: /send|continue/i }).first().click();
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await submitCode(page);
  const replacement = 'marble-canyon-whisper-2093';
  await page.getByLabel(/new password/i).fill(replacement);
  await page.getByRole('main').getByRole('button', { name: /save|set|change|sign in|continue/i }).first().click();
  await expectAccount(page);

  await signOut(page);
  await enterEmail(page, person);
  await enterPassword(page, PASSWORD);
  await expect(page).not.toHaveURL(/\/account/);
  await enterPassword(page, replacement);
  await expectAccount(page);
});

test('a session ended from a second browser is over at once', async ({ page, person, browser, server }) => {
  await signIn(page, person);
  const second = await browser.newContext({ baseURL: server.url });
  const there = await second.newPage();
  await signIn(there, person);
  await there.goto('/account/devices');
  await there.getByRole('main').getByRole('button', { name: /others|all other/i }).click();
  await confirmFreshness(there, person);
  await expect(there.getByText(/this (device|browser|session)/i).first()).toBeVisible();
  await expectSignedOut(page);
  await there.goto('/account');
  await expectAccount(there);
  await second.close();
});

test('who is signed in already is taken on from the sign-in page', async ({ page, person }) => {
  await signIn(page, person);
  await page.goto('/sign-in');
  await expectAccount(page);
});

async function signOut(page) {
  await page.goto('/sign-out');
  const button = page.getByRole('main').getByRole('button', { name: /sign out/i });
  await button.click();
  await expect(page).not.toHaveURL(/\/account/);
}

async function chooseCode(page) {
  const other = page.getByRole('main').getByRole('button', { name: /code/i }).or(page.getByRole('main').getByRole('link', { name: /code/i }));
  await other.first().click();
  const send = page.getByRole('main').getByRole('button', { name: /^send/i });
  await expect(page.getByLabel(/code/i).or(send).first()).toBeVisible();
  if (!(await page.getByLabel(/code/i).isVisible())) await send.first().click();
}

// Ending other people's sessions may ask who is asking.
async function confirmFreshness(page, person) {
  if (!page.url().includes('/step-up')) return;
  await enterPassword(page, person.password);
}
