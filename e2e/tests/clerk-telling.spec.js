// An instance that tells who has an account, as Clerk does by default.

import { test, expect, newPerson, refusal, look, sendPassword } from '../support/clerk.js';

test.use({ clerkConfig: 'enumeration_protection = "off"\n' });

test('a taken address is told beside its field', async ({ page, clerk }) => {
  const person = await clerk.person();
  await page.goto('/sign-up');
  await page.getByLabel('Email address').fill(person.email);
  await sendPassword(page, person.password);
  await expect(refusal(page)).toContainText(/taken/i);
  await expect(page.getByLabel('Email address')).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'telling-taken');
});

test('an unknown address is told beside its field, and a wrong password by its name', async ({ page, clerk }) => {
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(newPerson().email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expect(refusal(page)).toContainText(/find|no account/i);
  await look(page, 'telling-unknown');
  const person = await clerk.person();
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, 'not-the-password-at-all');
  await expect(refusal(page)).toContainText(/incorrect/i);
});
