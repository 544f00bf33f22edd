// Two-step verification, with scripts and without.

import { test, expect, enterEmail, enterPassword, signIn, submitCode, pressUnlessSent, expectAccount } from '../support/test.js';
import { look } from '../support/look.js';
import { totp } from '../support/totp.js';

test('an authenticator app is added, asked for, and stood in for by a backup code', async ({ page, person, javaScriptEnabled }) => {
  test.slow();
  const seen = (name) => (javaScriptEnabled === false ? null : look(page, name));
  await signIn(page, person);
  await page.goto('/account/security');
  await seen('two-step-off');
  await page.getByLabel(/name of the app/i).fill('Pocket phone');
  await page.getByRole('button', { name: 'Add an authenticator app' }).click();
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await seen('two-step-app');
  const key = await page.getByLabel(/type this key/i).innerText();
  await page.getByLabel(/6-digit code/i).fill('000000');
  await pressUnlessSent(page, 'Turn on');
  await expect(page.getByText(/not correct/i)).toBeVisible();
  await seen('two-step-app-wrong');
  await page.getByLabel(/6-digit code/i).fill(totp(key));
  await pressUnlessSent(page, 'Turn on');
  await expect(page.getByText(/shown only now/i)).toBeVisible();
  await seen('two-step-codes');
  const codes = await page.getByRole('listitem').filter({ hasText: /^\w{4}-\w{4}-\w{4}-\w{4}$/ }).allInnerTexts();
  expect(codes).toHaveLength(10);
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await expect(page.getByText('Pocket phone')).toBeVisible();
  await seen('two-step-on');

  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page).toHaveURL(/second-factor/);
  await seen('second-factor');
  await page.getByLabel(/code/i).fill(totp(key, { steps: 1 }));
  await submitCode(page);
  await expectAccount(page);

  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await page.getByRole('link', { name: 'Use a backup code' }).click();
  await seen('second-factor-backup');
  await page.getByLabel(/backup code/i).fill('nothing of that kind');
  await submitCode(page);
  await expect(page.getByText(/16 letters and digits/i)).toBeVisible();
  await page.getByLabel(/backup code/i).fill(codes[0].toUpperCase().replaceAll('-', ' '));
  await submitCode(page);
  await expectAccount(page);
  await page.goto('/account/security');
  await expect(page.getByText(/9 left/)).toBeVisible();
});

async function out(page) {
  await page.goto('/sign-out');
  await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
}
