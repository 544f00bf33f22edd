// Clerk's sign-in component.

import { test, expect, signIn, signOut, typeCode, expectIn, expectOut, refusal, look, sendPassword, sendNewPassword } from '../support/clerk.js';

test('a wrong password is refused beside its field, and the right one signs in', async ({ page, clerk }) => {
  const person = await clerk.person();
  await page.goto('/sign-in');
  await expect(page.getByRole('heading', { name: /^Sign in/ })).toBeVisible();
  await look(page, 'sign-in');
  await name(page, person);
  await look(page, 'sign-in-password');
  await password(page, 'not-the-password-at-all');
  await expect(refusal(page)).toContainText(/incorrect/i);
  await look(page, 'sign-in-wrong-password');
  await password(page, person.password);
  await expectIn(page, person);
  await signOut(page);
  await expectOut(page);
  await signIn(page, person);
});

test('an unknown address gets the same words', async ({ page, another, clerk }) => {
  const said = async (there, person) => {
    await there.goto('/sign-in');
    await name(there, person);
    await password(there, 'not-the-password-at-all');
    await expect(refusal(there)).toBeVisible();
    return (await there.locator('#component').innerText()).replaceAll(person.email, 'ADDRESS');
  };
  const known = await said(page, await clerk.person());
  expect(await said(await another(), { email: `nobody.${Date.now()}@example.com` })).toBe(known);
});

test('a mailed code signs in, and a wrong one does not', async ({ page, mailbox, clerk }) => {
  const person = await clerk.person();
  await page.goto('/sign-in');
  await name(page, person);
  await page.getByRole('link', { name: 'Use another method' }).click();
  await look(page, 'sign-in-methods');
  await page.getByRole('button', { name: /Email code to/ }).click();
  await expect(page.getByRole('heading', { name: 'Check your email' })).toBeVisible();
  await typeCode(page, '000000');
  await expect(refusal(page)).toHaveText('Incorrect code.');
  await look(page, 'sign-in-code');
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
});

test('a forgotten password is replaced by way of the mailbox', async ({ page, mailbox, clerk }) => {
  const person = await clerk.person();
  await page.goto('/sign-in');
  await name(page, person);
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  await look(page, 'sign-in-forgot');
  await page.getByRole('button', { name: 'Reset your password' }).click();
  await typeCode(page, await mailbox.code(person.email));
  await expect(page.getByRole('heading', { name: 'Set new password' })).toBeVisible();
  await look(page, 'sign-in-new-password');
  const replacement = 'marble-canyon-whisper-2093';
  await sendNewPassword(page, replacement);
  await expectIn(page, person);
  await signOut(page);
  await expectOut(page);
  await signIn(page, { ...person, password: replacement });
});

test('a ticket signs its user in, once', async ({ page, another, clerk }) => {
  const person = await clerk.person();
  const { token } = await clerk.backend('POST', '/sign_in_tokens', { user_id: person.id });
  await page.goto(`/sign-in?__clerk_ticket=${token}`);
  await expectIn(page, person);
  const there = await another();
  await there.goto(`/sign-in?__clerk_ticket=${token}`);
  await expect(there.getByText('This link has expired. Please start again or request a new link.')).toBeVisible();
  await look(there, 'sign-in-used-ticket');
});

test('who is signed in is led on from the component, and one tab signs out for both', async ({ page, context, clerk }) => {
  const person = await clerk.person();
  await signIn(page, person);
  const tab = await context.newPage();
  await tab.goto('/sign-in');
  await expect(tab).toHaveURL('/');
  await expectIn(tab, person);
  await tab.getByRole('button', { name: 'Sign out everywhere here' }).click();
  await expectOut(tab);
  await page.bringToFront();
  await page.reload();
  await expectOut(page);
});

test('a page of another site is told why the browser forgets its attempt', async ({ page, clerk }) => {
  const person = await clerk.person();
  await page.goto(`${clerk.app.foreign}/sign-in`);
  await name(page, person);
  await password(page, person.password);
  await expect(page.getByText(/page and host must share scheme and site/)).toBeVisible();
  await look(page, 'sign-in-other-site');
});

async function name(page, person) {
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expect(page.getByLabel('Password', { exact: true })).toBeVisible();
}

async function password(page, typed) {
  await sendPassword(page, typed);
}
