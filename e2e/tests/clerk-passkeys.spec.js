// Passkeys in Clerk's components: added in the user profile, signed in with,
// and shown before a risky change.

import { test, expect, MINUTE, openProfile, section, signOut, expectIn, look } from '../support/clerk.js';
import { authenticator } from '../support/passkey.js';

test.beforeEach(async ({ context, clerk }) => {
  await clerk.keepTime(context);
  // The SDK offers no passkeys to a browser that says it is driven by a program.
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false }));
});

test('a passkey is added, renamed, signs in and is removed', async ({ page, clerk }) => {
  const phone = await authenticator(page);
  const person = await clerk.person();
  await openProfile(page, person);
  await addPasskey(page, clerk, person);
  await look(page, 'passkeys');
  await section(page, 'passkeys').getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox').last().fill('My phone');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await passkeys(clerk, person))[0].name).toBe('My phone');

  await page.goto('/');
  await signOut(page);
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Use passkey instead' }).click();
  await expectIn(page, person);

  await page.goto('/profile');
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'passkeys').getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove' }).last().click();
  await expect.poll(() => passkeys(clerk, person)).toEqual([]);
  expect(await phone.credentials()).toHaveLength(1);
});

test('it is the fresh factor of a risky change', async ({ page, context, clerk }) => {
  await authenticator(page);
  const person = await clerk.person();
  await openProfile(page, person);
  await addPasskey(page, clerk, person);
  await clerk.later(10 * MINUTE, context);
  await page.reload();
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'passkeys').getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove' }).last().click();
  await expect(page.getByRole('heading', { name: /verification required|use your passkey/i })).toBeVisible();
  await look(page, 'passkeys-reverification');
});

async function addPasskey(page, clerk, person) {
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'passkeys').getByRole('button', { name: 'Add a passkey' }).click();
  await expect.poll(async () => (await passkeys(clerk, person)).length).toBe(1);
}

async function passkeys(clerk, person) {
  return (await clerk.backend('GET', `/users/${person.id}`)).passkeys;
}
