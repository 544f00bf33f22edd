// Usernames and phone numbers on our pages, with scripts and without.

import { test, expect, PASSWORD, submitCode, expectAccount } from '../support/test.js';
import { look } from '../support/look.js';

const config = `
[identifiers]
email_address = "required"
username = "optional"
phone_number = "required"
[sms]
gateway = "development"
countries = ["DE"]
`;
const number = '+4915123456789';

test.use({ serverOptions: { config } });

test('a username and a phone number sign up, sign in, confirm and reset', async ({ page, mailbox, javaScriptEnabled }) => {
  test.setTimeout(180_000);
  const seen = (name) => (javaScriptEnabled === false ? null : look(page, name));
  const type = async (code) => {
    await page.getByLabel(/6-digit code/i).fill(code);
    await submitCode(page);
  };
  await page.goto('/sign-up');
  await page.getByLabel('Username').fill('support');
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Phone number').fill('0151 234');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText(/with its country/)).toBeVisible();
  await seen('sign-up-identifiers-wrong');
  await page.getByLabel('Phone number').fill('0151 23456789');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText('That username is taken')).toBeVisible();
  await page.getByLabel('Username').fill('Ada_L');
  await page.getByLabel('Password').fill(PASSWORD);
  await seen('sign-up-identifiers');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText(/a•••@example.com/)).toBeVisible();
  await type(await mailbox.code('ada@example.com'));
  await expect(page.getByText(/\+49•••89/)).toBeVisible();
  await seen('sign-up-phone-code');
  await type(await mailbox.sms(number));
  await expectAccount(page);
  await seen('account-username');
  await page.getByLabel('Username').fill('Countess');
  await page.getByRole('button', { name: 'Save username' }).click();
  await expect(page.getByText('Your username is changed.')).toBeVisible();
  await page.getByRole('link', { name: 'Phone numbers' }).click();
  await page.getByLabel('Phone number').fill('0151 23456780');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText(/\+49•••80/)).toBeVisible();
  await seen('verify-phone');
  await type(await mailbox.sms('+4915123456780'));
  await expect(page.getByText('The phone number is verified.')).toBeVisible();
  await seen('phones');

  await out(page);
  await page.goto('/sign-in');
  await seen('sign-in-identifiers');
  await page.getByLabel('E-mail address, phone number or username').fill('countess');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('button', { name: /code/ })).toHaveCount(0);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await expectAccount(page);

  await out(page);
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address, phone number or username').fill(number);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Text me a code' }).click();
  await type(await mailbox.sms(number));
  await expectAccount(page);
  await page.goto(mailbox.server.mailbox);
  await seen('dev-mail-with-messages');

  await out(page);
  await page.goto('/forgot-password');
  await seen('forgot-identifiers');
  await page.getByLabel('E-mail address or phone number').fill(number);
  await page.getByRole('button', { name: 'Send code' }).click();
  await type(await mailbox.sms(number));
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
});

async function out(page) {
  await page.goto('/sign-out');
  await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
}
