// What the tests import: Playwright's `test` with a server, a mailbox and the
// steps that most of them begin with.

import { test as base, expect } from '@playwright/test';

import { Mailbox } from './mailbox.js';
import { Server } from './server.js';

export { expect };

export const PASSWORD = 'lantern-orbit-velvet-4711';

let people = 0;

export const test = base.extend({
  // A test may set what the server is started with: `test.use({ serverOptions })`.
  serverOptions: [{}, { option: true }],

  server: async ({ serverOptions }, use, info) => {
    const server = await Server.start(serverOptions);
    await use(server);
    if (info.status !== info.expectedStatus) {
      await info.attach('server log', { body: server.log, contentType: 'text/plain' });
    }
    await server.stop();
  },

  // Overrides Playwright's own, so that paths can be given everywhere.
  baseURL: async ({ server }, use) => { await use(server.url); },

  mailbox: async ({ server, browser }, use) => {
    const context = await browser.newContext();
    await use(new Mailbox(server, context));
    await context.close();
  },

  // Somebody with an account; nobody is signed in in this test's own browser.
  person: async ({ server, browser, mailbox }, use) => {
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    const person = newPerson();
    await signUp(page, mailbox, person);
    await context.close();
    await use(person);
  },
});

export function newPerson() {
  people += 1;
  return { email: `ada.${process.pid}.${people}@example.com`, password: PASSWORD };
}

export async function signUp(page, mailbox, person) {
  await page.goto('/sign-up');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  await page.getByRole('main').getByRole('button', { name: /create|sign up|continue/i }).click();
  await expect(page.getByLabel(/code/i)).toBeVisible();
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await submitCode(page);
  await expectAccount(page);
}

export async function submitCode(page) {
  await pressUnlessSent(page, /verify|continue|sign in|confirm|change/i);
}

// With scripts a full code sends itself, and its form says that it did; the button is there either way.
export async function pressUnlessSent(page, name) {
  if (await page.locator('form[data-sent]').count() > 0) return;
  await page.getByRole('main').getByRole('button', { name }).first().click({ timeout: 2_000 }).catch(() => {});
}

export async function enterEmail(page, person) {
  await page.goto('/sign-in');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByRole('main').getByRole('button', { name: /continue|next/i }).click();
}

export async function enterPassword(page, password) {
  await page.getByLabel(/^password/i).fill(password);
  await page.getByRole('main').getByRole('button', { name: /sign in|continue/i }).first().click();
}

export async function signIn(page, person) {
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expectAccount(page);
}

export async function expectAccount(page) {
  await declinePasskey(page);
  await expect(page).toHaveURL(/\/account/);
}

// A browser that knows passkeys is asked for one after a sign-up.
export async function declinePasskey(page) {
  await expect(page).not.toHaveURL(/\/(sign-up|sign-up\/code|sign-up\/ticket|link)(\?|$)/);
  if (/\/sign-up\/passkey/.test(page.url())) await page.getByRole('link', { name: 'Not now' }).press('Enter');
}

export async function expectSignedOut(page) {
  await page.goto('/account');
  await expect(page).toHaveURL(/\/sign-in/);
}
