// A device that the account does not know, in Clerk's components: the card
// that asks for a code from the mailbox after the password.

import { test, expect, expectIn, look, sendPassword, typeCode } from '../support/clerk.js';

test.use({ clerkConfig: '[sign_in]\nclient_trust = "new_devices"\n' });

test('a new device is confirmed by the mailbox, and is known from then on', async ({ page, another, clerk, mailbox }) => {
  const person = await clerk.person();
  await firstStep(page, person);
  await expect(page.getByText(/a new device/i).first()).toBeVisible();
  await look(page, 'client-trust');
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);

  const other = await another();
  await firstStep(other, person);
  await expect(other.getByText(/a new device/i).first()).toBeVisible();
  await other.goto('/');
  await expect(other.getByRole('status')).toHaveText('Signed out');
});

async function firstStep(page, person) {
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
}
