// Everything with the keyboard alone: no pointer is used in this file.

import { test, expect, newPerson, expectAccount, PASSWORD } from '../support/test.js';

test('sign up, sign in and sign out by keyboard', async ({ page, mailbox }) => {
  const person = newPerson();
  await page.goto('/sign-up');
  await reach(page, /e-mail/i);
  await page.keyboard.type(person.email);
  await reach(page, /^password/i);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel(/code/i)).toBeVisible();
  const code = await mailbox.code(person.email);
  await reach(page, /code/i);
  await page.keyboard.type(code);
  if (/code/.test(page.url())) await page.keyboard.press('Enter').catch(() => {});
  await expectAccount(page);

  await page.goto('/sign-out');
  await reach(page, /sign out/i);
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/\/account/);

  await page.goto('/sign-in');
  await reach(page, /e-mail/i);
  await page.keyboard.type(person.email);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel(/^password/i)).toBeVisible();
  await reach(page, /^password/i);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expectAccount(page);
});

test('the first stop of every page skips to its content', async ({ page }) => {
  for (const path of ['/', '/sign-in', '/sign-up', '/forgot-password']) {
    await page.goto(path);
    const focused = await page.evaluate(() => document.activeElement !== document.body);
    if (!focused) await page.keyboard.press('Tab');
    const outlined = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
    });
    expect(outlined, `${path}: the focus can be seen`).toBe(true);
  }
});

// Presses Tab until the wanted control has the focus, as a person would.
async function reach(page, name) {
  for (let steps = 0; steps < 40; steps += 1) {
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return '';
      const label = element.labels?.[0]?.innerText ?? element.getAttribute('aria-label') ?? element.innerText ?? '';
      const main = element.closest('main');
      return main ? label.trim() : '';
    });
    if (name.test(here)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no stop of the Tab key is called ${name}`);
}
