// Links by mail: followed in the browser that asked, opened in another one, and
// the page that waits meanwhile.

import { test, expect, signUp, newPerson, enterEmail, expectAccount, expectSignedOut, submitCode } from '../support/test.js';
import { look } from '../support/look.js';

const LINK = /https?:\/\/\S+\/link\?token=\S+/;

test.describe('links alone', () => {
  test.use({ serverOptions: { config: '[sign_in]\nmailbox = "link"\n' } });

  test('a link signs in, and the page that waited finds out', async ({ page, mailbox }) => {
    const person = await signedUpByLink(page, mailbox);
    await page.goto('/sign-out');
    await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
    await enterEmail(page, person);
    await look(page, 'password-or-link');
    await page.getByRole('button', { name: 'E-mail me a link' }).click();
    await expect(page.getByText(/A link was sent to/)).toBeVisible();
    await look(page, 'link-sent');
    const [link] = (await mailbox.newest(person.email, LINK)).match(LINK);
    const tab = await page.context().newPage();
    await tab.goto(link);
    await expect(tab).toHaveURL(/\/link$/);
    await look(tab, 'link-here');
    await tab.getByRole('button', { name: 'Continue' }).click();
    await expectAccount(tab);
    await tab.close();
    // Somebody comes back to the page that waited.
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await expectAccount(page);
  });

  test('in another browser it shows a code for the first one', async ({ page, mailbox, browser }) => {
    const person = await signedUpByLink(page, mailbox);
    await page.goto('/sign-out');
    await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
    await enterEmail(page, person);
    await page.getByRole('button', { name: 'E-mail me a link' }).click();
    const [link] = (await mailbox.newest(person.email, LINK)).match(LINK);
    const phone = await browser.newContext();
    const there = await phone.newPage();
    await there.goto(link);
    await expect(there.getByRole('heading', { name: 'Enter this code in your other browser' })).toBeVisible();
    await look(there, 'link-elsewhere');
    const code = (await there.locator('code').innerText()).trim();
    await there.goto(`${new URL(link).origin}/account`);
    await expect(there).toHaveURL(/sign-in/);
    await phone.close();
    await page.getByLabel(/code/i).fill(code);
    await submitCode(page);
    await expectAccount(page);
  });
});

test.describe('codes and links', () => {
  test.use({ serverOptions: { config: '[sign_in]\nmailbox = "both"\n' } });

  test('one mail has both, and a link that was used says so', async ({ page, mailbox }) => {
    const person = newPerson();
    await signUp(page, mailbox, person);
    await page.goto('/sign-out');
    await page.getByRole('main').getByRole('button', { name: /sign out/i }).click();
    await page.goto('/forgot-password');
    await page.getByLabel(/e-mail/i).fill(person.email);
    await page.getByRole('button', { name: 'Send mail' }).click();
    await look(page, 'code-or-link-sent');
    const mail = await mailbox.newest(person.email, LINK);
    expect(mail).toMatch(/\b\d{6}\b/);
    const [link] = mail.match(LINK);
    await page.goto(link);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByLabel('New password')).toBeVisible();
    await page.goto(link);
    await expect(page.getByText('This link has expired or was used.')).toBeVisible();
    await expectSignedOut(page);
  });
});

async function signedUpByLink(page, mailbox) {
  const person = newPerson();
  await page.goto('/sign-up');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  await page.getByRole('main').getByRole('button', { name: /create/i }).click();
  const [link] = (await mailbox.newest(person.email, LINK)).match(LINK);
  await page.goto(link);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expectAccount(page);
  return person;
}
