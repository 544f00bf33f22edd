// Time: tokens that run out, factors that grow old, and the dialog that asks
// for one again. The server's clock and the browsers' are moved together.

import { test, expect, MINUTE, signIn, openProfile, section, typeCode, expectIn, expectOut, refusal, look, sendNewPassword } from '../support/clerk.js';

test.beforeEach(async ({ context, clerk }) => {
  await clerk.keepTime(context);
});

test('ten minutes after signing in, a risky change asks for the password again and goes on', async ({ page, context, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  await clerk.later(10 * MINUTE, context);
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'password').getByRole('button', { name: /password/i }).click();
  const replacement = 'marble-canyon-whisper-2093';
  await sendNewPassword(page, replacement);
  await expect(page.getByRole('heading', { name: 'Verification required' })).toBeVisible();
  await look(page, 'reverification');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill('not-the-password-at-all');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(refusal(dialog)).toContainText(/incorrect/i);
  await look(page, 'reverification-wrong-password');
  await dialog.getByLabel('Password', { exact: true }).fill(person.password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByLabel('New password')).toBeHidden();
  const told = await clerk.backend('POST', `/users/${person.id}/verify_password`, { password: replacement });
  expect(told.verified).toBe(true);
});

test('the same by a mailed code, to add an address', async ({ page, context, mailbox, clerk }) => {
  const person = await clerk.person();
  const second = `second.${person.email}`;
  await openProfile(page, person);
  await clerk.later(10 * MINUTE, context);
  await section(page, 'emailAddresses').getByRole('button', { name: 'Add email address' }).click();
  await page.getByLabel('Email address').fill(second);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('link', { name: 'Use another method' }).click();
  await look(page, 'reverification-methods');
  await dialog.getByRole('button', { name: /Email code to/ }).click();
  await typeCode(dialog, await mailbox.code(person.email));
  await expect(page.getByRole('dialog')).toBeHidden();
  await typeCode(page, await mailbox.code(second));
  await expect(section(page, 'emailAddresses').getByText(second, { exact: true })).toBeVisible();
});

test('a dialog that is closed changes nothing', async ({ page, context, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  await clerk.later(10 * MINUTE, context);
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'danger').getByRole('button', { name: 'Delete account' }).click();
  await page.getByLabel(/delete account/i).fill('Delete account');
  await page.getByRole('button', { name: 'Delete account' }).last().click();
  await expect(page.getByRole('heading', { name: 'Verification required' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expectIn(page, person);
  expect((await clerk.backend('GET', `/users/${person.id}`)).id).toBe(person.id);
});

test('a token that has run out is renewed, and the cookie for backends with it', async ({ page, context, clerk }) => {
  await signIn(page, await clerk.person());
  const claims = async () => {
    const cookies = await context.cookies(clerk.app.origin);
    const token = cookies.find(({ name }) => name === '__session').value;
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  };
  const first = await claims();
  expect(first.exp - first.iat).toBe(60);
  await clerk.later(65_000, context);
  await expect.poll(async () => (await claims()).iat).toBeGreaterThanOrEqual(first.iat + 65);
  const second = await claims();
  expect([second.sid, second.sub, second.azp, second.v]).toEqual([first.sid, first.sub, clerk.app.origin, 2]);
  expect(second.fva).toEqual([1, -1]);
});

test('a session ended elsewhere is gone here at the next token', async ({ page, context, another, clerk }) => {
  const person = await clerk.person();
  await signIn(page, person);
  const there = await another();
  await clerk.keepTime(there.context());
  await signIn(there, person);
  const [newest] = (await clerk.backend('GET', `/sessions?user_id=${person.id}&status=active`)).sort((a, b) => b.created_at - a.created_at);
  await clerk.backend('POST', `/sessions/${newest.id}/revoke`);
  await clerk.later(65_000, context, there.context());
  await expectOut(there);
  await expectIn(page, person);
});
