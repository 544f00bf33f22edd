// What an owner does who is told of something that they did not do, and the
// second factor that is asked for before a change.

import { test, expect, signIn, expectSignedOut, pressUnlessSent } from '../support/test.js';
import { look } from '../support/look.js';
import { totp } from '../support/totp.js';

test('a sign-in elsewhere is told, and one button secures the account', async ({ page, person, mailbox }) => {
  await signIn(page, person);
  const told = await mailbox.newest(person.email, /new device/);
  const link = told.match(/https?:\/\/\S+\/not-me\?token=\S+/)[0];
  const owner = await page.context().browser().newContext();
  const there = await owner.newPage();
  await there.goto(link);
  await expect(there).toHaveURL(/\/not-me$/);
  await look(there, 'not-me');
  await there.getByRole('button', { name: 'Secure my account' }).click();
  await expect(there.getByText('Your account is secured').first()).toBeVisible();
  await look(there, 'not-me-done');
  await there.getByRole('link', { name: 'Set a new password' }).click();
  await expect(there).toHaveURL(/forgot-password/);
  await owner.close();
  await expectSignedOut(page);
});

test('an app is removed only after its code, or a backup code, was shown again', async ({ page, person, server }) => {
  await signIn(page, person);
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Add an authenticator app' }).click();
  const key = await page.getByLabel(/type this key/i).innerText();
  await page.getByLabel(/6-digit code/i).fill(totp(key));
  await pressUnlessSent(page, 'Turn on');
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await server.advance(10 * 60_000);
  await page.getByRole('button', { name: /^remove/i }).click();
  await expect(page).toHaveURL(/step-up/);
  await look(page, 'step-up-app');
  await page.getByRole('link', { name: 'Use a backup code' }).click();
  await look(page, 'step-up-backup');
  await page.getByRole('link', { name: 'Use your authenticator app' }).click();
  await page.getByLabel(/code/i).fill(totp(key, { at: Date.now() + server.ahead }));
  await pressUnlessSent(page, 'Confirm');
  await expect(page).toHaveURL(/account\/security/);
  await page.getByRole('button', { name: /^remove/i }).click();
  await expect(page.getByText('The authenticator app is removed.')).toBeVisible();
});
