// An instance whose terms must be accepted to sign up.

import { test, expect, newPerson, typeCode, expectIn, look as picture } from '../support/clerk.js';
import { look } from '../support/look.js';
import { expectAccount, pressUnlessSent } from '../support/test.js';

test.use({
  clerkConfig: '[sign_up]\nlegal_consent = true\n[site]\nterms = "http://localhost/terms"\nprivacy = "http://localhost/privacy"\n',
});

test('the component asks for it, and the user has the day it was given', async ({ page, mailbox, clerk }) => {
  const person = newPerson();
  await page.goto('/sign-up');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  const consent = page.getByRole('checkbox');
  await expect(page.getByRole('link', { name: 'Terms of Service' })).toHaveAttribute('href', 'http://localhost/terms');
  await picture(page, 'terms');
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible();
  expect(await consent.evaluate((box) => box.validity.valid)).toBe(false);
  await consent.check();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  const [user] = await clerk.backend('GET', `/users?email_address=${encodeURIComponent(person.email)}`);
  expect(user.legal_accepted_at).toBeGreaterThan(0);
});

test('our own page asks for it as well', async ({ page, mailbox, clerk }) => {
  const person = newPerson();
  await page.goto(`${clerk.server.url}/sign-up`);
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  await look(page, 'sign-up-terms');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page, 'the browser itself asks first').toHaveURL(/\/sign-up$/);
  await page.getByLabel('I accept the terms').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await pressUnlessSent(page, 'Verify');
  await expectAccount(page);
  await page.goto('/');
  await expectIn(page, person);
});
