// Clerk's components and the house's own pages are two doors of one house.

import { test, expect, PASSWORD, newPerson, signIn, signInOnPages, signOut, openProfile, section, expectIn, expectOut } from '../support/clerk.js';
import { look } from '../support/look.js';
import { expectAccount } from '../support/test.js';

const account = (clerk) => `${clerk.server.url}/account`;

test('who signs in on our page is signed in in the components, and out again with them', async ({ page, clerk }) => {
  const person = await clerk.person();
  await page.goto('/');
  await expectOut(page);
  await signInOnPages(page, clerk, person);
  await page.goto('/');
  await expectIn(page, person);
  await signOut(page);
  await expectOut(page);
  await page.goto(account(clerk));
  await expect(page).toHaveURL(/\/sign-in/);
});

test('who signs in in the components is signed in on our pages, and out again with them', async ({ page, clerk }) => {
  const person = await clerk.person();
  await signIn(page, person);
  await page.goto(account(clerk));
  await expect(page.getByText(person.email).first()).toBeVisible();
  await page.goto(`${clerk.server.url}/sign-out`);
  await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await expect(page).not.toHaveURL(/\/account/);
  await page.goto('/');
  await expectOut(page);
});

test('a name that is changed at one door is the name at the other', async ({ page, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  await section(page, 'profile').getByRole('button', { name: 'Update profile' }).click();
  await page.getByLabel('First name').fill('Augusta');
  await page.getByRole('button', { name: 'Save' }).click();
  await expectIn(page, { name: 'Augusta' });
  await page.goto(account(clerk));
  await expect(page.getByLabel('First name')).toHaveValue('Augusta');
  await page.getByLabel('First name').fill('Ada');
  await page.getByRole('main').getByRole('button', { name: 'Save' }).click();
  await page.goto('/');
  await expectIn(page, { name: 'Ada' });
});

test('a device ended on our page is signed out in the components', async ({ page, another, clerk }) => {
  const person = await clerk.person();
  const there = await another();
  await signIn(there, person);
  await signInOnPages(page, clerk, person);
  await page.goto(`${clerk.server.url}/account/devices`);
  await page.getByRole('main').getByRole('button', { name: /others|all other/i }).click();
  await expect(page.getByText(/this (device|browser|session)/i).first()).toBeVisible();
  await there.reload();
  await expectOut(there);
  await page.goto('/');
  await expectIn(page, person);
});

test('a link with a ticket shows whom it signs in, and its button does', async ({ page, another, clerk }) => {
  const person = await clerk.person();
  const { url } = await clerk.backend('POST', '/sign_in_tokens', { user_id: person.id });
  await page.goto(url);
  await expect(page).toHaveURL(`${clerk.server.url}/sign-in/ticket`);
  await look(page, 'sign-in-ticket');
  const scanner = await another();
  await scanner.goto(url);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/account/);
  await scanner.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await expect(scanner.getByText(/expired or was used/)).toBeVisible();
  await look(scanner, 'sign-in-ticket-used');
  await page.goto('/');
  await expectIn(page, person);
});

test('an invitation that is mailed makes an account on our page', async ({ page, mailbox, clerk }) => {
  const person = newPerson();
  await clerk.backend('POST', '/invitations', { email_address: person.email });
  const link = (await mailbox.newest(person.email)).match(/https?:\/\/\S+\/v1\/tickets\/accept\S+/)[0];
  await page.goto(link);
  await expect(page).toHaveURL(`${clerk.server.url}/sign-up/ticket`);
  await expect(page.getByText(person.email)).toBeVisible();
  await look(page, 'sign-up-ticket');
  await page.getByLabel(/^password/i).fill('password');
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel(/^password/i)).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel(/^password/i).fill(PASSWORD);
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await expectAccount(page);
  await page.goto('/');
  await expectIn(page, person);
});
