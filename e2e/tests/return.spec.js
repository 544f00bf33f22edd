// Back to where one came from: an app on another origin, which itself leads to
// a third. A form's answer may be redirected only where the page's policy lets
// it go, so this fails in a browser long before it fails anywhere else.

import { test as base, expect, enterPassword } from '../support/test.js';
import { site } from '../support/site.js';

const test = base.extend({
  third: async ({}, use) => {
    const third = await site((_, answer) => answer.end('<title>third</title><h1>The third origin</h1>'));
    await use(third);
    await third.close();
  },
  app: async ({ third }, use) => {
    const app = await site((_, answer) => { answer.writeHead(302, { location: `${third.origin}/welcome` }); answer.end(); });
    await use(app);
    await app.close();
  },
  serverOptions: async ({ app }, use) => { await use({ returnTo: [app.origin] }); },
});

test('signing in returns to a listed origin, and on to where that leads', async ({ page, person, app, third }) => {
  await page.goto(`/sign-in?return_to=${encodeURIComponent(`${app.origin}/callback?x=1`)}`);
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByRole('main').getByRole('button', { name: /continue|next/i }).click();
  await enterPassword(page, person.password);
  await follow(page);
  await expect(page).toHaveURL(`${third.origin}/welcome`);
  await expect(page.getByRole('heading', { name: 'The third origin' })).toBeVisible();
});

test('an origin that is not listed is never gone to', async ({ page, person, third }) => {
  await page.goto(`/sign-in?return_to=${encodeURIComponent(`${third.origin}/phish`)}`);
  const field = page.getByLabel(/e-mail/i);
  if (await field.isVisible()) {
    await field.fill(person.email);
    await page.getByRole('main').getByRole('button', { name: /continue|next/i }).click();
    await enterPassword(page, person.password);
    await page.waitForLoadState();
  }
  expect(new URL(page.url()).origin).not.toBe(third.origin);
});

// Where the way out is a page with a link, without scripts one follows it.
async function follow(page) {
  await page.waitForLoadState();
  const link = page.getByRole('main').getByRole('link', { name: /continue/i });
  if (await link.isVisible().catch(() => false)) await link.click().catch(() => {});
}
