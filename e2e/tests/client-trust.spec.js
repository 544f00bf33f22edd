// A device that the account does not know: the password alone opens nothing
// there, and a code from the mailbox does.

import { test, expect, enterEmail, enterPassword, expectAccount, expectSignedOut, signUp, submitCode } from '../support/test.js';
import { look } from '../support/look.js';

test.use({ serverOptions: { config: '[sign_in]\nclient_trust = "new_devices"\n' } });

test('a new device is confirmed by the mailbox, once', async ({ page, person, mailbox, browser, baseURL }) => {
  await signUp(page, mailbox, person);
  const context = await browser.newContext({ baseURL });
  const laptop = await context.newPage();
  await enterEmail(laptop, person);
  await enterPassword(laptop, person.password);
  await expect(laptop.getByRole('heading', { name: 'Confirm this device' })).toBeVisible();
  await look(laptop, 'client-trust');
  const code = await mailbox.code(person.email);
  await laptop.getByLabel('Code').fill(code === '000000' ? '000001' : '000000');
  await submitCode(laptop);
  await expect(laptop.getByText('That code is not correct')).toBeVisible();
  await look(laptop, 'client-trust-wrong');
  await expectSignedOut(laptop);
  await laptop.goto('/sign-in/device');
  await laptop.getByLabel('Code').fill(code);
  await submitCode(laptop);
  await expectAccount(laptop);

  await laptop.goto('/sign-out');
  await laptop.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await enterEmail(laptop, person);
  await enterPassword(laptop, person.password);
  await expectAccount(laptop);
  await context.close();
});
