// Clerk's user profile: what one changes of one's own account.

import { test, expect, signIn, openProfile, section, typeCode, expectOut, refusal, look, sendNewPassword } from '../support/clerk.js';
import { PICTURE } from '../support/picture.js';

test('the name and the picture are changed', async ({ page, clerk }) => {
  await openProfile(page, await clerk.person());
  await look(page, 'profile');
  await section(page, 'profile').getByRole('button', { name: 'Update profile' }).click();
  await page.getByLabel('First name').fill('Augusta');
  await page.getByLabel('Last name').fill('King');
  await look(page, 'profile-edit');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').first()).toHaveText('Signed in as Augusta King');
  // The saved form fades out, and is there for as long.
  await expect(page.locator('input[type=file]')).toHaveCount(0);

  await section(page, 'profile').getByRole('button', { name: 'Update profile' }).click();
  await page.locator('input[type=file]').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: PICTURE });
  const picture = section(page, 'profile').getByRole('img').first();
  await expect(picture).toHaveAttribute('src', new RegExp(`^${clerk.server.url}/pictures/`));
  await expect.poll(() => picture.evaluate((img) => img.naturalWidth)).toBeGreaterThan(0);
  await look(page, 'profile-picture');
});

test('the password is changed, and other devices are signed out', async ({ page, another, clerk }) => {
  const person = await clerk.person();
  const there = await another();
  await signIn(there, person);
  await openProfile(page, person);
  await page.getByRole('button', { name: 'Security' }).click();
  await look(page, 'security');
  await section(page, 'password').getByRole('button', { name: /password/i }).click();
  await sendNewPassword(page, 'password123456789');
  await expect(refusal(page)).toBeVisible();
  await look(page, 'security-weak-password');
  const replacement = 'marble-canyon-whisper-2093';
  await sendNewPassword(page, replacement);
  await expect(page.getByLabel('New password')).toBeHidden();
  await there.reload();
  await expectOut(there);
  await signIn(there, { ...person, password: replacement });
});

test('an address is added by its code, made the primary one, and the former one removed', async ({ page, mailbox, clerk }) => {
  const person = await clerk.person();
  const second = `second.${person.email}`;
  await openProfile(page, person);
  const emails = section(page, 'emailAddresses');
  await emails.getByRole('button', { name: 'Add email address' }).click();
  await page.getByLabel('Email address').fill(second);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await typeCode(page, '000000');
  await expect(refusal(page)).toHaveText('Incorrect code.');
  await look(page, 'profile-email-code');
  await typeCode(page, await mailbox.code(second));
  await expect(emails.getByText(second, { exact: true })).toBeVisible();

  await emails.getByRole('button', { name: 'Open menu' }).last().click();
  await page.getByRole('menuitem', { name: 'Set as primary' }).click();
  await expect.poll(() => primary(clerk, person)).toBe(second);

  const former = emails.locator('.cl-profileSectionItem').filter({ hasText: person.email }).filter({ hasNotText: second });
  await former.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('menuitem', { name: 'Remove email' }).click();
  await look(page, 'profile-email-remove');
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect(emails.getByText(person.email, { exact: true })).toBeHidden();
});

test('another device is listed and signed out', async ({ page, another, clerk }) => {
  const person = await clerk.person();
  const there = await another();
  await signIn(there, person);
  await openProfile(page, person);
  await page.getByRole('button', { name: 'Security' }).click();
  const devices = section(page, 'activeDevices');
  await expect(devices.getByText('This device')).toBeVisible();
  await expect(devices.getByText('Linux')).toHaveCount(2);
  await look(page, 'security-devices');
  await devices.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('menuitem', { name: /sign out of device/i }).click();
  await expect(devices.getByText('Linux')).toHaveCount(1);
  await there.reload();
  await expectOut(there);
});

test('the account is deleted', async ({ page, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  await page.getByRole('button', { name: 'Security' }).click();
  await section(page, 'danger').getByRole('button', { name: 'Delete account' }).click();
  await page.getByLabel(/delete account/i).fill('Delete account');
  await look(page, 'security-delete');
  await page.getByRole('button', { name: 'Delete account' }).last().click();
  await expectOut(page);
  const left = await clerk.backend('GET', `/users?email_address=${encodeURIComponent(person.email)}`);
  expect(left).toEqual([]);
});

async function primary(clerk, person) {
  const user = await clerk.backend('GET', `/users/${person.id}`);
  return user.email_addresses.find(({ id }) => id === user.primary_email_address_id).email_address;
}
