// A code to a phone as second factor, with scripts and without.

import { test, expect, enterEmail, enterPassword, expectAccount, signUp, submitCode } from '../support/test.js';
import { look } from '../support/look.js';

const config = `
[identifiers]
phone_number = "optional"
[sms]
gateway = "development"
countries = ["DE"]
`;
const number = '+4915123456789';

test.use({ serverOptions: { config } });

test('a phone is chosen, asked for, and let go after its own code', async ({ page, person, mailbox, javaScriptEnabled }) => {
  test.setTimeout(180_000);
  const seen = (name) => (javaScriptEnabled === false ? null : look(page, name));
  const type = async (code) => {
    await page.getByLabel(/6-digit code/i).fill(code);
    await submitCode(page);
  };
  await signUp(page, mailbox, person);
  await page.goto('/account/security');
  await seen('second-phone-none');
  await page.getByRole('link', { name: 'Add a phone number' }).click();
  await page.getByLabel('Phone number').fill('0151 23456789');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await type(await mailbox.sms(number));
  await expect(page.getByText('The phone number is verified.')).toBeVisible();
  await page.goto('/account/security');
  await seen('second-phone-off');
  await page.getByRole('button', { name: `Ask for a code to ${number}` }).click();
  await expect(page.getByText(/shown only now/i)).toBeVisible();
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await expect(page.getByText(`Codes to ${number}`)).toBeVisible();
  await seen('second-phone-on');
  await page.goto('/account/phones');
  await seen('phones-second');

  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByText('We sent a code by text message to +49•••89.')).toBeVisible();
  await seen('second-factor-phone');
  const code = await mailbox.sms(number);
  await type(code === '000000' ? '000001' : '000000');
  await expect(page.getByText('That code is not correct')).toBeVisible();
  await seen('second-factor-phone-wrong');
  await type(code);
  await expectAccount(page);

  // By the phone itself only what is left is asked for.
  await out(page);
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address or phone number').fill(number);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Text me a code' }).click();
  await type(await mailbox.sms(number));
  await expect(page.getByLabel(/backup code/i)).toBeVisible();
  await expect(page.getByText(/code to your phone/)).toHaveCount(0);
  await seen('second-factor-by-phone');

  await page.goto('/sign-in');
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByText(/by text message/)).toBeVisible();
  await page.getByRole('link', { name: 'Use a backup code' }).click();
  await page.getByRole('link', { name: 'Send a code to your phone' }).click();
  await type(await mailbox.sms(number));
  await expectAccount(page);
  await page.goto('/step-up?return_to=/account/security');
  await seen('step-up-phone');
  await page.getByRole('button', { name: 'Send a code' }).click();
  await seen('step-up-phone-sent');
  await type(await mailbox.sms(number));
  await page.getByRole('button', { name: `Stop asking for a code to ${number}` }).click();
  await expect(page.getByText('No code goes to that number as second step any more.')).toBeVisible();
  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expectAccount(page);
});

async function out(page) {
  await page.goto('/sign-out');
  await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
}
