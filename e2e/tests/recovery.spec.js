// A lost second factor, a device that is trusted, and what an account's page
// says of its safety.

import { test, expect, enterEmail, enterPassword, expectAccount, signIn, submitCode, pressUnlessSent } from '../support/test.js';
import { look } from '../support/look.js';
import { totp } from '../support/totp.js';

const HOUR = 3_600_000;

test('who lost the second factor asks, waits, and comes back by the mailbox', async ({ page, person, server, mailbox, browser }) => {
  // What is over is found by a job that comes round once a minute.
  test.setTimeout(180_000);
  const key = await withApp(page, person);
  await firstStep(page, person);
  await look(page, 'second-factor-trust');
  await page.getByRole('link', { name: 'I have none of these' }).click();
  await look(page, 'recovery');
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByText(/It is asked for/)).toBeVisible();
  await look(page, 'recovery-waits');
  const said = await mailbox.newest(person.email, /recovery\/cancel/);
  const link = said.match(/https?:\/\/\S+\/recovery\/cancel\?token=\S+/)[0];
  const owner = await browser.newContext();
  const there = await owner.newPage();
  await there.goto(link);
  await look(there, 'recovery-cancel');
  await there.getByRole('button', { name: 'No, it was not me' }).click();
  await expect(there.getByRole('heading', { name: 'Two-step verification stays on' })).toBeVisible();
  await look(there, 'recovery-cancelled');
  await owner.close();
  expect(await server.command('recovery', 'list')).toEqual([]);

  await firstStep(page, person);
  await page.getByRole('link', { name: 'I have none of these' }).click();
  await page.getByRole('button', { name: 'Ask for it' }).click();
  const [request] = await server.command('recovery', 'list');
  expect(request.address).toBe(person.email);
  await server.command('recovery', 'shorten', request.id, '--hours', '1');
  await server.advance(HOUR);
  await expect.poll(() => server.command('recovery', 'list'), { timeout: 90_000, intervals: [5_000] }).toEqual([]);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByText(/may be known to others/)).toBeVisible();
  await look(page, 'password-compromised');
  expect(key).toBeTruthy();
});

test('a device that is trusted asks for no second step, until its owner ends that', async ({ page, person, server }) => {
  const key = await withApp(page, person);
  await firstStep(page, person);
  await page.getByLabel(/Do not ask again/).check();
  await server.advance(30_000);
  await page.getByLabel(/6-digit code/i).fill(totp(key, { at: Date.now() + server.ahead }));
  await submitCode(page);
  await expectAccount(page);
  await page.goto('/account/devices');
  await look(page, 'devices-trusted');
  await out(page);
  await signIn(page, person);
  await page.goto('/account/devices');
  await page.getByRole('button', { name: /stop trusting/i }).click();
  await expect(page.getByText('The device is trusted no more.')).toBeVisible();
  await firstStep(page, person);
});

test('the security page says what happened and what to do next', async ({ page, person, server }) => {
  await signIn(page, person);
  await page.goto('/account/security');
  await expect(page.getByRole('heading', { name: 'Security check-up' })).toBeVisible();
  await expect(page.getByText('Turn on two-step verification')).toBeVisible();
  await look(page, 'security-page');
  await page.getByRole('link', { name: 'All of it' }).click();
  await expect(page.getByText('Your account was made')).toBeVisible();
  await look(page, 'security-history');
  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, 'not the password at all');
  const id = (await page.getByText(/^Request req_/).innerText()).replace('Request ', '').trim();
  const [event] = await server.command('event', 'show', id);
  expect(event.kind).toBe('sign_in.failed');
});

async function withApp(page, person) {
  await signIn(page, person);
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Add an authenticator app' }).click();
  const key = await page.getByLabel(/type this key/i).innerText();
  await page.getByLabel(/6-digit code/i).fill(totp(key));
  await pressUnlessSent(page, 'Turn on');
  await page.getByRole('link', { name: 'I have kept them' }).click();
  return key;
}

async function firstStep(page, person) {
  await out(page);
  await enterEmail(page, person);
  await enterPassword(page, person.password);
  await expect(page).toHaveURL(/second-factor/);
}

async function out(page) {
  await page.goto('/sign-out');
  const button = page.getByRole('main').getByRole('button', { name: /sign out/i });
  if (await button.isVisible()) await button.click();
}
