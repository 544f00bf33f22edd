// A guest begun and made an account by Clerk's own script, in a flow of the app's.

import { test, expect, PASSWORD } from '../support/clerk.js';

test.use({ clerkConfig: '[guests]\nenabled = true\n' });

test('an app begins with a guest and keeps the id', async ({ page, mailbox }) => {
  await page.goto('/');
  await page.waitForFunction(() => window.Clerk?.loaded);
  const guest = await page.evaluate(async () => {
    const up = await window.Clerk.client.signUp.create({ strategy: 'anonymous' });
    await window.Clerk.setActive({ session: up.createdSessionId });
    return { status: up.status, made: up.createdUserId, user: window.Clerk.user.id, emails: window.Clerk.user.emailAddresses.length };
  });
  expect(guest).toEqual({ status: 'complete', made: guest.user, user: guest.made, emails: 0 });
  await page.reload();
  await page.waitForFunction(() => window.Clerk?.loaded);
  expect(await page.evaluate(() => window.Clerk.user.id), 'the session is kept').toBe(guest.user);

  const email = `guest.${process.pid}@example.com`;
  await page.evaluate(async ({ emailAddress, password }) => {
    const up = await window.Clerk.client.signUp.create({ emailAddress, password });
    await up.prepareEmailAddressVerification({ strategy: 'email_code' });
  }, { emailAddress: email, password: PASSWORD });
  const code = await mailbox.code(email);
  const account = await page.evaluate(async (typed) => {
    const up = await window.Clerk.client.signUp.attemptEmailAddressVerification({ code: typed });
    await window.Clerk.setActive({ session: up.createdSessionId });
    return { status: up.status, user: window.Clerk.user.id, email: window.Clerk.user.primaryEmailAddress.emailAddress };
  }, code);
  expect(account).toEqual({ status: 'complete', user: guest.user, email });
});
