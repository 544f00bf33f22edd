// Challenges of a provider as a browser meets them: its widget stands in the
// form, and nothing else of the page is opened to it.

import { test as base, expect, newPerson } from '../support/test.js';
import { look } from '../support/look.js';
import { Provider } from '../support/captcha.js';

const test = base.extend({
  provider: async ({}, use) => {
    const provider = await Provider.start();
    await use(provider);
    await provider.stop();
  },
  serverOptions: async ({ provider }, use) => { await use({ config: provider.config('sign_up = "always"\n') }); },
});

async function fill(page) {
  const person = newPerson();
  await page.goto('/sign-up');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(person.password);
  return person;
}

const create = (page) => page.getByRole('main').getByRole('button', { name: /create/i });

test('somebody answers the widget, and the form goes', async ({ page, context, provider, mailbox }) => {
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(error.message));
  await provider.route(context);
  const person = await fill(page);
  await expect(page.frameLocator('iframe').getByRole('button')).toBeVisible();
  await look(page, 'captcha');
  await create(page).click();
  // The form waits, and goes by itself when the answer is there.
  await expect(page.getByRole('status')).toBeFocused();
  await page.frameLocator('iframe').getByRole('button').click();
  await expect(page.getByLabel(/code/i)).toBeVisible();
  expect(await mailbox.code(person.email)).toMatch(/^\d{6}$/);
  expect(provider.asked).toHaveLength(1);
  expect(faults).toEqual([]);
});

test('where its script is blocked a person is told so, and nobody signs up past it', async ({ page, context, provider }) => {
  await provider.route(context, { reachable: false });
  await fill(page);
  await expect(page.getByRole('status')).toHaveText(/could not be loaded/);
  await create(page).click();
  await expect(page.getByRole('status')).toHaveText(/could not be loaded/);
  await expect(page).toHaveURL(/sign-up/);
  expect(provider.asked).toEqual(['not-loaded']);
});

test('while the provider is down sign-up says that it is closed', async ({ page, context, provider }) => {
  await provider.route(context, { reachable: false });
  provider.down = true;
  await fill(page);
  await expect(page.getByRole('status')).toHaveText(/could not be loaded/);
  await create(page).click();
  await expect(page.getByRole('alert')).toHaveText(/nobody new is let in/);
  await look(page, 'captcha-down');
});
