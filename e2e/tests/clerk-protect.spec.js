// The house's own challenges in Clerk's components: they load the script that
// solves them, run it, and go on.

import { test as base, expect, Clerk, newPerson, expectIn, look, sendPassword } from '../support/clerk.js';
import { whileOthersTry } from '../support/others.js';

// Whoever is challenged is asked for a mailed code as well, on a new device.
const UNASKED = '[sign_in]\nclient_trust = "off"\n';

const test = base.extend({
  clerk: [async ({}, use) => {
    const clerk = await Clerk.startSecure(`[bot_protection]\nsign_up = "always"\n${UNASKED}`);
    await use(clerk);
    await clerk.stop();
  }, { scope: 'worker' }],
});

test.use({ ignoreHTTPSErrors: true });

test('who is due a challenge signs in without being asked for anything', async ({ page, clerk, playwright }) => {
  const person = await clerk.person();
  const proofs = [];
  page.on('request', (request) => { if (request.url().includes('/protect_check')) proofs.push(request.url()); });
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  const password = page.getByLabel('Password', { exact: true });
  await whileOthersTry(playwright, clerk.server, async () => {
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await expect(password).toBeVisible({ timeout: 30_000 });
    await look(page, 'protect-password');
    // A guess is due one as well, and the password is typed once more behind it.
    await expect(async () => {
      await sendPassword(page, person.password);
      await expectIn(page, person);
    }).toPass({ timeout: 40_000 });
  });
  expect(proofs.length).toBeGreaterThanOrEqual(1);
});

test('who signs up goes on with what was typed', async ({ page }) => {
  const person = newPerson();
  const proved = page.waitForResponse((response) => response.url().includes('/protect_check'));
  await page.goto('/sign-up');
  await page.getByLabel('Email address').fill(person.email);
  await sendPassword(page, person.password);
  expect((await (await proved).json()).response.missing_fields).toEqual(['password']);
  await expect(page.getByRole('heading', { name: /verify your email/i })).toBeVisible();
  await expect(page.getByText(person.email)).toBeVisible();
  await look(page, 'protect-sign-up');
});
