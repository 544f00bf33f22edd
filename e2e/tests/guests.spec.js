// Guests on our pages, with scripts and without: begun by a button, kept by a sign-up.

import { test, expect, newPerson, submitCode, expectAccount, enterPassword } from '../support/test.js';
import { look } from '../support/look.js';

test.use({ serverOptions: { config: '[guests]\nenabled = true\n' } });

const userOn = async (page) => (await page.locator('code').filter({ hasText: /^user_/ }).textContent()).trim();

test('a guest signs up, keeps the account, and comes back to it', async ({ page, mailbox, javaScriptEnabled }) => {
  test.setTimeout(120_000);
  const seen = (name) => (javaScriptEnabled === false ? null : look(page, name));
  const person = newPerson();
  await page.goto('/sign-up');
  await seen('sign-up-with-guests');
  await page.goto('/sign-in?return_to=/account');
  await seen('sign-in-with-guests');
  await page.getByRole('button', { name: 'Continue as guest' }).click();
  await expect(page.getByRole('heading', { name: 'You are here as a guest' })).toBeVisible();
  await seen('account-guest');
  const guest = await userOn(page);
  await page.getByRole('link', { name: 'Sign out' }).click();
  await expect(page.getByText(/nothing leads back to what you did/)).toBeVisible();
  await seen('sign-out-guest');
  await page.goto('/account/security');
  await expect(page.getByRole('heading', { name: 'You are here as a guest' })).toBeVisible();
  await page.getByRole('link', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: /Keep what you have/ })).toBeVisible();
  await seen('sign-up-guest');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await submitCode(page);
  await expectAccount(page);
  expect(await userOn(page)).toBe(guest);
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await page.goto('/sign-in');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await enterPassword(page, person.password);
  await expectAccount(page);
  expect(await userOn(page)).toBe(guest);
});

test('a guest deletes what there is', async ({ page }) => {
  await page.goto('/guest');
  await expect(page.getByRole('heading', { name: 'Go on as a guest?' })).toBeVisible();
  await page.getByRole('button', { name: 'Continue as guest' }).click();
  await page.getByText('Delete what I did here').first().click();
  await page.getByRole('button', { name: 'Delete what I did here' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await page.goto('/account');
  await expect(page.getByRole('heading', { name: /^Sign in/ })).toBeVisible();
});
