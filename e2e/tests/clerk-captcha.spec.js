// Turnstile's challenges in Clerk's components: they load the widget by
// themselves, and go on with what they were about to do.

import { test as base, expect, newPerson, typeCode, expectIn, look, sendPassword } from '../support/clerk.js';
import { Provider } from '../support/captcha.js';
import { whileOthersTry } from '../support/others.js';

// Whoever is challenged is asked for a mailed code as well, on a new device.
const UNASKED = '[sign_in]\nclient_trust = "off"\n';

const test = base.extend({
  provider: [async ({}, use) => {
    const provider = await Provider.start();
    await use(provider);
    await provider.stop();
  }, { scope: 'worker' }],
  clerkConfig: [async ({ provider }, use) => { await use(provider.config(`sign_up = "always"\n${UNASKED}`)); }, { scope: 'worker' }],
  clerkLimits: ['', { scope: 'worker' }],
  context: async ({ context, provider, watch }, use) => {
    watch.meant.push('challenges.cloudflare.com');
    await provider.route(context);
    await use(context);
  },
});

test('who is due a challenge answers it and signs in', async ({ page, clerk, provider, playwright }) => {
  const person = await clerk.person();
  const before = provider.asked.length;
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await whileOthersTry(playwright, clerk.server, async () => {
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await expect(page.getByLabel('Password', { exact: true })).toBeVisible();
    await look(page, 'captcha-password');
    await sendPassword(page, person.password);
    await expectIn(page, person);
  });
  expect(provider.asked.length - before).toBeGreaterThanOrEqual(1);
});

test('who signs up brings the answer along', async ({ page, provider, mailbox }) => {
  const person = newPerson();
  const before = provider.asked.length;
  await page.goto('/sign-up');
  await page.getByLabel('Email address').fill(person.email);
  await sendPassword(page, person.password);
  await expect(page.getByRole('heading', { name: /verify your email/i })).toBeVisible();
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  expect(provider.asked.length - before).toBe(1);
});
