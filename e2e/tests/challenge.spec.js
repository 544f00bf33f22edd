// Challenges as a browser meets them: it solves them by itself, and nothing is
// asked of the person in front of it.

import { test, expect, newPerson } from '../support/test.js';
import { look } from '../support/look.js';
import { whileOthersTry } from '../support/others.js';

function faults(page) {
  const told = [];
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 429/.test(message.text())) told.push(message.text()); });
  page.on('pageerror', (error) => told.push(error.message));
  return told;
}

test('a browser solves a challenge by itself, and the person goes on', async ({ page, person, server, playwright }) => {
  const told = faults(page);
  const button = (name) => page.getByRole('main').getByRole('button', { name });
  await page.goto('/sign-in');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await whileOthersTry(playwright, server, async () => {
    await button('Continue').click();
    await expect(page.getByRole('status')).toHaveText('Checked.', { timeout: 30_000 });
  });
  await expect(page.getByLabel(/e-mail/i)).toHaveValue(person.email);
  await look(page, 'challenge');
  await button('Continue').click();
  await expect(page).toHaveURL(/sign-in\/password/);
  // The address may have room again by now, or the password's form is asked as well.
  await expect(async () => {
    await page.getByLabel(/^password/i).fill(person.password);
    await button('Sign in').click();
    await expect(page).toHaveURL(/account/, { timeout: 5_000 });
  }).toPass({ timeout: 40_000 });
  expect(told).toEqual([]);
});

test.describe('where every sign-up is asked', () => {
  test.use({ serverOptions: { config: '[bot_protection]\nsign_up = "always"\n' } });

  test('it goes with the form', async ({ page, mailbox }) => {
    const told = faults(page);
    const person = newPerson();
    await page.goto('/sign-up');
    await expect(page.locator('#website')).not.toBeInViewport();
    await page.getByLabel(/e-mail/i).fill(person.email);
    await page.getByLabel(/^password/i).fill(person.password);
    await look(page, 'challenge-sign-up');
    await page.getByRole('main').getByRole('button', { name: /create/i }).click();
    await expect(page.getByLabel(/code/i)).toBeVisible({ timeout: 30_000 });
    expect(await mailbox.code(person.email)).toMatch(/^\d{6}$/);
    expect(told).toEqual([]);
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a page says what it needs, and in how many minutes it works without', async ({ page, server, playwright }) => {
    await page.goto('/sign-in');
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
    await whileOthersTry(playwright, server, async () => {
      await page.getByRole('main').getByRole('button', { name: 'Continue' }).click();
      await expect(page.getByText(/takes JavaScript. Without it, try again in a minute/)).toBeVisible();
    });
  });
});

test.describe('where people wait', () => {
  test.use({ serverOptions: { config: '[sign_up]\nmode = "waitlist"\n' } });

  test('they leave their address', async ({ page }) => {
    await page.goto('/sign-up');
    await expect(page).toHaveURL(/waitlist/);
    await look(page, 'waitlist');
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
    await page.getByRole('button', { name: 'Join the waitlist' }).click();
    await expect(page.getByText('We send an invitation to ada@example.com')).toBeVisible();
    await look(page, 'waitlist-joined');
  });
});
