// A second factor that is required, set up in the middle of a sign-in in
// Clerk's components: by a code to a phone.

import { test, expect, expectIn, look, sendPassword, typeCode } from '../support/clerk.js';

test.use({ clerkConfig: '[two_step]\nrequired = true\n[identifiers]\nphone_number = "optional"\n[sms]\ngateway = "development"\ncountries = ["DE"]\n' });

test('a phone is added, proved and chosen, and the session counts', async ({ page, clerk, mailbox }) => {
  test.setTimeout(90_000);
  const number = '+4915123456789';
  const person = await clerk.person();
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
  await expect(page.getByRole('heading', { name: 'Set up two-step verification' })).toBeVisible();
  await look(page, 'set-up');
  await page.getByRole('button', { name: /sms code/i }).click();
  await expect(page.getByRole('heading', { name: 'Add phone number' })).toBeVisible();
  await look(page, 'set-up-phone');
  await page.getByLabel('Phone number', { exact: true }).fill(number);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Verify your phone number' })).toBeVisible();
  await typeCode(page, await mailbox.sms(number));
  const shown = page.getByRole('paragraph').filter({ visible: true, hasText: /^\w{4}-\w{4}-\w{4}-\w{4}$/ });
  await expect(shown).toHaveCount(10);
  await look(page, 'set-up-codes');
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expectIn(page, person);
});
