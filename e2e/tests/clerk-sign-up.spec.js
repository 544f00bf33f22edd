// Clerk's sign-up component.

import { test, expect, PASSWORD, newPerson, typeCode, expectIn, refusal, look, sendPassword } from '../support/clerk.js';

test('somebody signs up with a password and a mailed code', async ({ page, mailbox }) => {
  const person = newPerson();
  await page.goto('/sign-up');
  await expect(page.getByRole('heading', { name: 'Create your account' })).toBeVisible();
  await look(page, 'sign-up');
  await fill(page, person);
  await expect(page.getByRole('heading', { name: 'Verify your email' })).toBeVisible();
  await look(page, 'sign-up-code');
  await typeCode(page, '000000');
  await expect(refusal(page)).toHaveText('Incorrect code.');
  await look(page, 'sign-up-wrong-code');
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  await look(page, 'user-button');
});

test('the same where the app forwards the calls', async ({ page, mailbox, clerk }) => {
  const person = newPerson();
  const called = [];
  page.on('request', (request) => called.push(new URL(request.url())));
  await page.goto('/forwarded/sign-up');
  await fill(page, person);
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  await page.reload();
  await expectIn(page, person);
  const direct = called.filter((url) => url.origin === clerk.server.url && url.pathname.startsWith('/v1/'));
  expect(direct.map(String)).toEqual([]);
  expect(called.some((url) => url.pathname === '/__clerk/v1/client')).toBe(true);
});

test('a password that is easy to guess is refused beside its field', async ({ page }) => {
  await page.goto('/sign-up');
  await fill(page, { ...newPerson(), password: 'password123456789' });
  await expect(refusal(page)).toBeVisible();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'sign-up-weak-password');
  await fill(page, newPerson());
  await expect(page.getByRole('heading', { name: 'Verify your email' })).toBeVisible();
});

test('a password made of the address is refused by the server in its own words', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByLabel('Email address').fill('wilhelmina.featherstonehaugh@example.com');
  const password = page.getByLabel('Password', { exact: true });
  await password.fill('wilhelmina.featherstonehaugh');
  // The component's own judgement comes late, and would overwrite the server's.
  await expect(page.getByText('Your password meets all the necessary requirements.').first()).toBeVisible();
  await password.press('Enter');
  await expect(refusal(page)).toContainText(/words about you/i);
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await look(page, 'sign-up-password-about-you');
});

test('who has an account already is told so in the mail alone, and signs in by its code', async ({ page, mailbox, clerk }) => {
  const person = await clerk.person();
  await page.goto('/sign-up');
  await fill(page, { ...person, password: 'marble-canyon-whisper-2093' });
  await expect(page.getByRole('heading', { name: 'Verify your email' })).toBeVisible();
  await typeCode(page, await mailbox.code(person.email));
  await expectIn(page, person);
  await page.getByRole('button', { name: 'Sign out everywhere here' }).click();
  const told = await clerk.backend('POST', `/users/${person.id}/verify_password`, { password: PASSWORD });
  expect(told.verified, 'the password is the old one').toBe(true);
});

test('in test mode a test address takes the one code and gets no mail', async ({ page }) => {
  const person = newPerson();
  person.email = person.email.replace('@', '+clerk_test@');
  await page.goto('/sign-up');
  await fill(page, person);
  await typeCode(page, '424242');
  await expectIn(page, person);
});

test('an invitation signs up with its address, without a code', async ({ page, clerk }) => {
  const person = newPerson();
  const invitation = await clerk.backend('POST', '/invitations', {
    email_address: person.email, redirect_url: `${clerk.app.origin}/sign-up`, notify: false,
  });
  await page.goto(invitation.url);
  await expect(page.getByRole('heading', { name: 'Fill in missing fields' })).toBeVisible();
  await look(page, 'sign-up-invited');
  await sendPassword(page, person.password);
  await expectIn(page, person);
});

async function fill(page, person) {
  await page.getByLabel('Email address').fill(person.email);
  await sendPassword(page, person.password);
}
