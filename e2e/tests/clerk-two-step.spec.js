// Two-step verification in Clerk's components: set up in the user profile,
// asked for by the sign-in, and before it is taken away.

import { test, expect, MINUTE, openProfile, section, sendPassword, signOut, typeCode, expectIn, refusal, look } from '../support/clerk.js';
import { totp } from '../support/totp.js';

test.beforeEach(async ({ context, clerk }) => {
  await clerk.keepTime(context);
});

test('an authenticator app is set up, signs in, and a backup code stands in for it', async ({ page, context, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  const { key, codes } = await setUp(page, clerk, person);
  await clerk.later(MINUTE, context);

  await firstStep(page, person);
  await look(page, 'second-factor');
  await typeCode(page, '000000');
  await expect(refusal(page)).toHaveText('Incorrect code.');
  // A wrong code stands a moment before the field is empty again.
  await expect(page.getByLabel('Enter verification code')).toHaveValue('');
  await typeCode(page, totp(key, { at: now(clerk) }));
  await expectIn(page, person);

  await firstStep(page, person);
  const backup = page.getByRole('button', { name: /backup code/i });
  await untilItTakes(() => page.getByRole('link', { name: 'Use another method' }).click({ timeout: 1_000 }), backup);
  await look(page, 'second-factor-methods');
  await backup.click();
  await page.getByLabel('Backup code').fill(codes[0]);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expectIn(page, person);
});

test('it is taken away only after its code was shown again', async ({ page, context, clerk }) => {
  const person = await clerk.person();
  await openProfile(page, person);
  const { key } = await setUp(page, clerk, person);
  await clerk.later(10 * MINUTE, context);
  await page.reload();
  await page.getByRole('button', { name: 'Security' }).click();
  const part = section(page, 'mfa');
  await part.getByRole('button', { name: 'Open menu' }).first().click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await untilItTakes(
    () => page.getByRole('button', { name: 'Remove' }).last().click({ timeout: 1_000 }),
    page.getByRole('heading', { name: 'Verification required' }),
  );
  await look(page, 'reverification-second-factor');
  await typeCode(page.getByRole('dialog'), totp(key, { at: now(clerk) }));
  await expect.poll(() => enabled(clerk, person)).toBe(false);
});

// Sets an app up in the open profile; the key and the backup codes.
async function setUp(page, clerk, person) {
  await page.getByRole('button', { name: 'Security' }).click();
  const part = section(page, 'mfa');
  await part.getByRole('button', { name: /add two-step verification/i }).click();
  await look(page, 'mfa-ways');
  await page.getByRole('menuitem', { name: /authenticator application/i }).click();
  await page.getByRole('button', { name: /can.t scan qr code/i }).click();
  await look(page, 'mfa-key');
  const key = await page.getByRole('textbox').first().inputValue();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await typeCode(page, totp(key, { at: now(clerk) }));
  const shown = page.getByRole('paragraph').filter({ visible: true, hasText: /^\w{4}-\w{4}-\w{4}-\w{4}$/ });
  await expect(shown).toHaveCount(10);
  await look(page, 'mfa-codes');
  const codes = await shown.allInnerTexts();
  await page.getByRole('button', { name: 'Finish' }).click();
  await expect.poll(() => enabled(clerk, person)).toBe(true);
  await look(page, 'mfa-on');
  return { key, codes };
}

// Signs out, and in again as far as the password.
async function firstStep(page, person) {
  await page.goto('/');
  await signOut(page);
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
}

// A component draws itself once more after it appears, and forgets what was pressed before.
async function untilItTakes(press, wanted) {
  await expect(async () => {
    await press();
    await expect(wanted).toBeVisible({ timeout: 3_000 });
  }).toPass();
}

async function enabled(clerk, person) {
  const { two_factor_enabled: on } = await clerk.backend('GET', `/users/${person.id}`);
  return on;
}

function now(clerk) {
  return Date.now() + clerk.server.ahead;
}
