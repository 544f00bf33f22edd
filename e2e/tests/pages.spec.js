// Every page: no serious finding of axe, and a picture in light, dark and on a
// narrow phone, kept in artefacts/ for a person's eye.

import { test, expect, signIn, enterEmail, newPerson } from '../support/test.js';
import { look } from '../support/look.js';

const OUTSIDE = [
  ['home', (page) => page.goto('/')],
  ['sign-in', (page) => page.goto('/sign-in')],
  ['sign-in-password', async (page, person) => enterEmail(page, person)],
  ['sign-up', (page) => page.goto('/sign-up')],
  ['sign-up-code', async (page) => {
    await page.goto('/sign-up');
    const stranger = newPerson();
    await page.getByLabel(/e-mail/i).fill(stranger.email);
    await page.getByLabel(/^password/i).fill(stranger.password);
    await page.getByRole('main').getByRole('button', { name: /create|sign up|continue/i }).click();
    await expect(page.getByLabel(/code/i)).toBeVisible();
  }],
  ['forgot-password', (page) => page.goto('/forgot-password')],
  ['undo-unknown', (page) => page.goto('/undo?token=unknown')],
  ['not-found', (page) => page.goto('/no-such-page')],
];

const INSIDE = ['account', 'account/emails', 'account/security', 'account/devices', 'step-up', 'sign-out'];

test('pages for everyone', async ({ page, person }) => {
  test.setTimeout(180_000);
  for (const [name, open] of OUTSIDE) {
    await page.context().clearCookies();
    await open(page, person);
    await look(page, name);
  }
});

test('pages of an account', async ({ page, person }) => {
  test.setTimeout(180_000);
  await signIn(page, person);
  for (const path of INSIDE) {
    await page.goto(`/${path}`);
    await look(page, path.replaceAll('/', '-'));
  }
});

test('caught mail', async ({ page, person, server }) => {
  test.setTimeout(180_000);
  expect(person.email).toContain('@');
  await page.goto(server.mailbox);
  await look(page, 'dev-mail');
  await page.getByRole('main').getByRole('link', { name: /code/i }).first().click();
  await look(page, 'dev-mail-one');
  await page.goto('/dev/pieces');
  await look(page, 'dev-pieces');
});

test('a choice of colours is kept', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/sign-in');
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect.poll(ground).not.toBe(light);
  await page.goto('/sign-up');
  expect(await ground()).not.toBe(light);
  await page.getByRole('button', { name: 'Like the system' }).click();
  await expect.poll(ground).toBe(light);
});

test('a malformed address is told when its field is left, and taken back when mended', async ({ page }) => {
  await page.goto('/sign-in');
  const field = page.getByLabel(/e-mail/i);
  await field.fill('ada@');
  await field.blur();
  await expect(page.getByText(/like name@example.com/i)).toBeVisible();
  await field.fill('ada@example.com');
  await expect(page.getByText(/like name@example.com/i)).toBeHidden();
});
