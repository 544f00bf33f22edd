// Clerk's sign-up component.

import { test, expect, newPerson, typeCode, expectIn, look } from '../support/clerk.js';

test('somebody signs up with a password and a mailed code', async ({ page, mailbox }) => {
  const person = newPerson();
  await page.goto('/sign-up');
  await expect(page.getByRole('heading', { name: /create your account/i })).toBeVisible();
  await look(page, 'sign-up');
  await fill(page, person);
  await expect(page.getByText(/verify your email/i)).toBeVisible();
  await look(page, 'sign-up-code');
  await typeCode(page, '000000');
  await expect(page.getByText(/incorrect code/i)).toBeVisible();
  await look(page, 'sign-up-wrong-code');
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  await look(page, 'user-button');
});

async function fill(page, person) {
  await page.getByLabel('Email address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
}
