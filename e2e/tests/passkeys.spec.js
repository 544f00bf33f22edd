// Passkeys on our own pages, with a virtual authenticator.

import { test, expect, enterEmail, enterPassword, newPerson, signIn, submitCode, expectAccount } from '../support/test.js';
import { look } from '../support/look.js';
import { authenticator } from '../support/passkey.js';

test('a passkey is added, named, signs in, and is removed', async ({ page, person }) => {
  const phone = await authenticator(page);
  await signIn(page, person);
  await addPasskey(page);
  await look(page, 'passkeys-one');
  await page.getByText('Rename', { exact: true }).click();
  await page.getByLabel('Name of the passkey').fill('My phone');
  await look(page, 'passkeys-rename');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The passkey has its new name.')).toBeVisible();
  await expect(page.getByText('My phone', { exact: true })).toBeVisible();

  await out(page, phone);
  await look(page, 'passkeys-sign-in');
  await phone.touched(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expectAccount(page);

  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Remove My phone' }).click();
  await expect(page.getByText('The passkey is removed.')).toBeVisible();
  await out(page, phone);
  // The device still has it, and offers it.
  await phone.touched(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page.getByText("This passkey doesn't work here.")).toBeVisible();
  await look(page, 'passkeys-refused');
});

test('who has a passkey is offered it in the field, and nobody types anything', async ({ page, person }) => {
  const phone = await authenticator(page);
  await signIn(page, person);
  await addPasskey(page);
  await out(page, phone);
  await phone.touched(true);
  await page.goto('/sign-in');
  await expectAccount(page);
});

test('whoever is not the owner of the device gets in by it no more than by nothing', async ({ page, person }) => {
  const phone = await authenticator(page);
  await signIn(page, person);
  await addPasskey(page);
  await out(page, phone);
  await phone.verified(false);
  await phone.touched(true);
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page.getByText('No passkey came.')).toBeVisible();
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expectAccount(page);
});

test('a passkey is the second step after the password, and a fresh factor', async ({ page, person, server }) => {
  const phone = await authenticator(page);
  await signIn(page, person);
  await addPasskey(page);
  await page.getByRole('button', { name: 'Ask for a passkey as second step' }).click();
  await expect(page.getByText(/shown only now/i)).toBeVisible();
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await look(page, 'passkeys-two-step');

  await out(page, phone);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page).toHaveURL(/second-factor/);
  await look(page, 'passkeys-second-step');
  await phone.touched(true);
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await expectAccount(page);

  await server.advance(6 * 60_000);
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Do not ask for a passkey any more' }).click();
  await expect(page).toHaveURL(/step-up/);
  await look(page, 'passkeys-step-up');
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await expect(page).toHaveURL(/account\/security/);
  await page.getByRole('button', { name: 'Do not ask for a passkey any more' }).click();
  await expect(page.getByText('no longer asked for')).toBeVisible();
});

test('one device is added once', async ({ page, person }) => {
  await authenticator(page);
  await signIn(page, person);
  await addPasskey(page);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText('This device has a passkey for this account already.')).toBeVisible();
  await look(page, 'passkeys-again');
});

test.describe('where everybody must have a second step', () => {
  test.use({ serverOptions: { config: '[two_step]\nrequired = true\n' } });

  test('a passkey is set up in the middle of the sign-up, and signs in', async ({ page, mailbox }) => {
    await authenticator(page);
    const person = newPerson();
    await page.goto('/sign-up');
    await page.getByLabel(/e-mail/i).fill(person.email);
    await page.getByLabel(/^password/i).fill(person.password);
    await page.getByRole('main').getByRole('button', { name: /create|sign up|continue/i }).click();
    await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
    await submitCode(page);
    await expect(page).toHaveURL(/set-up/);
    await look(page, 'set-up');
    await page.getByRole('button', { name: 'Set up a passkey' }).click();
    await expect(page.getByText(/shown only now/i)).toBeVisible();
    await look(page, 'set-up-codes');
    await page.getByRole('link', { name: 'I have kept them' }).click();
    await expect(page).toHaveURL(/account\/security/);
    await expect(page.getByText('On one device only')).toBeVisible();
  });
});

test('whoever has just signed up is asked for one, and goes on with or without', async ({ page, mailbox, browser, server }) => {
  test.setTimeout(180_000);
  const phone = await authenticator(page);
  const person = newPerson();
  await begin(page, mailbox, person);
  await expect(page.getByRole('heading', { name: 'Sign in faster next time' })).toBeVisible();
  await look(page, 'sign-up-passkey');
  await phone.verified(false);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText(/No passkey came/)).toBeVisible();
  await phone.verified(true);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page, 'where the person wanted to go').toHaveURL(/\/account\/devices$/);
  await page.goto('/account/security');
  await expect(page.locator('#passkeys').getByRole('listitem')).toHaveCount(1);
  await out(page, phone);
  await phone.touched(true);
  await page.goto('/sign-in');
  await expectAccount(page);

  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled });
    const other = await context.newPage();
    await begin(other, mailbox, newPerson());
    if (javaScriptEnabled) await other.getByRole('link', { name: 'Not now' }).click();
    await expect(other).toHaveURL(/\/account\/devices$/);
    await context.close();
  }
});

async function begin(page, mailbox, person) {
  await page.goto('/sign-up?return_to=/account/devices');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByLabel(/code/i).fill(await mailbox.code(person.email));
  await submitCode(page);
}

async function addPasskey(page) {
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText('The passkey is added.')).toBeVisible();
}

// Nobody touches the device meanwhile: the field of the next page would ask it at once.
async function out(page, phone) {
  await phone.touched(false);
  await page.goto('/sign-out');
  await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
  await page.goto('/sign-in');
}
