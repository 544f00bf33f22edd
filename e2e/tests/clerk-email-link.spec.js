// An e-mail link in Clerk's components: the card that waits, and the page that
// the link is opened on.

import { test, expect, expectIn, look } from '../support/clerk.js';

const LINK = /https?:\/\/\S+\/link\?token=\S+/;

test.use({ clerkConfig: '[sign_in]\nmailbox = "both"\n' });

test('a link signs in, and the card that waited goes on', async ({ page, context, clerk, mailbox }) => {
  const person = await clerk.person();
  await waiting(page, person);
  await look(page, 'email-link-waits');
  const [link] = (await mailbox.newest(person.email, LINK)).match(LINK);
  const tab = await context.newPage();
  await tab.goto(link);
  await tab.getByRole('button', { name: 'Continue' }).click();
  await expect(tab).toHaveURL(/__clerk_status=verified|\/sign-in|\/$/);
  await expect(page.getByText(/successfully signed in|return to|signed in as/i).first()).toBeVisible();
  await tab.goto('/');
  await expectIn(tab, person);
});

test('in another browser it signs nobody in', async ({ page, another, clerk, mailbox }) => {
  const person = await clerk.person();
  await waiting(page, person);
  const [link] = (await mailbox.newest(person.email, LINK)).match(LINK);
  const other = await another();
  await other.goto(link);
  await expect(other).toHaveURL(/__clerk_status=client_mismatch/);
  await look(other, 'email-link-elsewhere');
  await other.goto('/');
  await expect(other.getByRole('status')).toHaveText('Signed out');
});

async function waiting(page, person) {
  await page.goto('/sign-in');
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('link', { name: 'Use another method' }).click();
  await page.getByRole('button', { name: /email link/i }).click();
  await expect(page.getByText(/check your email/i).first()).toBeVisible();
}
