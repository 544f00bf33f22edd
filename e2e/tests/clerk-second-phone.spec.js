// A code to a phone as second factor in Clerk's components: chosen in the user
// profile, asked for by the sign-in, and before it is taken away.

import { test, expect, MINUTE, openProfile, section, sendPassword, signOut, typeCode, expectIn, refusal, look } from '../support/clerk.js';

const number = '+4915123456789';

test.use({ clerkConfig: '[identifiers]\nphone_number = "optional"\n[sms]\ngateway = "development"\ncountries = ["DE"]\n' });

test.beforeEach(async ({ context, clerk }) => {
  await clerk.keepTime(context);
});

test('a phone is chosen, signs in, and is taken away after its code', async ({ page, context, clerk, mailbox }) => {
  test.setTimeout(120_000);
  const person = await clerk.person();
  await clerk.backend('POST', '/phone_numbers', { user_id: person.id, phone_number: number, verified: true });
  await openProfile(page, person);
  await page.getByRole('button', { name: 'Security' }).click();
  const part = section(page, 'mfa');
  await part.getByRole('button', { name: /add two-step verification/i }).click();
  await look(page, 'mfa-ways-phone');
  await page.getByRole('menuitem', { name: /sms code/i }).click();
  await look(page, 'mfa-phones');
  await page.getByRole('button', { name: /151 23456789|15123456789/ }).first().click();
  const shown = page.getByRole('paragraph').filter({ visible: true, hasText: /^\w{4}-\w{4}-\w{4}-\w{4}$/ });
  await expect(shown).toHaveCount(10);
  await look(page, 'mfa-phone-codes');
  await page.getByRole('button', { name: 'Finish' }).click();
  await expect.poll(() => enabled(clerk, person)).toBe(true);
  await look(page, 'mfa-phone-on');

  await clerk.later(MINUTE, context);
  await page.goto('/');
  await signOut(page);
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
  await expect(page.getByRole('heading', { name: 'Check your phone' })).toBeVisible();
  await expect(page.getByText(/\+49.*89/).first()).toBeVisible();
  await look(page, 'second-factor-phone');
  const code = await mailbox.sms(number);
  await typeCode(page, code === '000000' ? '000001' : '000000');
  await expect(refusal(page)).toHaveText('Incorrect code.');
  await expect(page.getByLabel('Enter verification code')).toHaveValue('');
  await typeCode(page, code);
  await expectIn(page, person);
});

test('a phone signs in by its code alone', async ({ page, clerk, mailbox }) => {
  const person = await clerk.person();
  const other = '+4915123456780';
  await clerk.backend('POST', '/phone_numbers', { user_id: person.id, phone_number: other, verified: true });
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Use phone' }).click();
  await page.getByLabel('Phone number', { exact: true }).fill(other);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('link', { name: 'Use another method' }).click();
  await page.getByRole('button', { name: /sms code/i }).click();
  await expect(page.getByRole('heading', { name: 'Check your phone' })).toBeVisible();
  await look(page, 'first-factor-phone');
  await typeCode(page, await mailbox.sms(other));
  await expectIn(page, person);
});

async function enabled(clerk, person) {
  const { two_factor_enabled: on } = await clerk.backend('GET', `/users/${person.id}`);
  return on;
}
