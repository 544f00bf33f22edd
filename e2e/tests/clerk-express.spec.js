// `@clerk/express` in a real app, and a browser that is sent through the
// handshake when its token has run out.

import { test as base, expect, Clerk, signIn, signOut, expectIn, expectOut, look } from '../support/clerk.js';
import { expressApp } from '../support/clerk-express-app.js';
import { session } from '../support/clerk-session.js';

const test = base.extend({
  express: [async ({}, use) => {
    const express = await expressApp();
    await use(express);
    await express.close();
  }, { scope: 'worker' }],

  clerk: [async ({ express }, use) => {
    const clerk = await Clerk.start('', [express.origin]);
    const { publishable_key, secret_key, url } = clerk.keys;
    await express.connect({
      CLERK_PUBLISHABLE_KEY: publishable_key,
      CLERK_SECRET_KEY: secret_key,
      CLERK_API_URL: `${url}/api`,
      CLERK_PROXY_URL: url,
      CLERK_SIGN_IN_URL: `${clerk.app.origin}/sign-in`,
      CLERK_TELEMETRY_DISABLED: '1',
    });
    await use(clerk);
    await clerk.stop();
  }, { scope: 'worker' }],
});

test.afterEach(async ({ express }, info) => {
  if (info.status !== info.expectedStatus) await info.attach('app log', { body: express.log, contentType: 'text/plain' });
});

// The way a page took, without what hangs on the addresses.
function way(page) {
  const steps = [];
  page.on('response', (answer) => {
    const request = answer.request();
    if (request.isNavigationRequest()) steps.push(`${answer.status()} ${new URL(answer.url()).pathname}`);
  });
  return steps;
}

const later = async (clerk, express, millis) => { await clerk.server.advance(millis); await express.advance(millis); };

test('who is not signed in is led to the sign-in page', async ({ page, clerk, express }) => {
  await page.goto(`${express.origin}/private`);
  await expect(page).toHaveURL(new RegExp(`^${clerk.app.origin}/sign-in`));
  expect(await (await fetch(`${express.origin}/`)).json()).toEqual({ userId: null });
});

test('who is signed in is known, and known again by a handshake when the token has run out', async ({ page, context, clerk, express }) => {
  const person = await clerk.person();
  await signIn(page, person);
  const steps = way(page);
  await page.goto(`${express.origin}/private`);
  await expect(page.getByRole('heading')).toHaveText(`Hello ${person.email}`);
  expect(steps).toEqual(['200 /private']);

  await later(clerk, express, 70_000);
  steps.length = 0;
  await page.goto(`${express.origin}/private?a=1`);
  await expect(page.getByRole('heading')).toHaveText(`Hello ${person.email}`);
  expect(steps).toEqual(['307 /private', '307 /v1/client/handshake', '200 /private']);
  expect(page.url(), 'nothing of it stays in the address').toBe(`${express.origin}/private?a=1`);
  await look(page, 'express-private');

  await later(clerk, express, 70_000);
  steps.length = 0;
  await page.goto(`${express.origin}/private`);
  await expect(page.getByRole('heading')).toHaveText(`Hello ${person.email}`);
  expect(steps, 'the handshake left a cookie by which the app renews the token itself').toEqual(['200 /private']);

  const names = (await context.cookies(express.origin)).filter(({ name }) => name.startsWith('__refresh'));
  expect(names.map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Lax']]);
});

test('who signed out is signed out for the app, by the handshake as well', async ({ page, clerk, express }) => {
  const person = await clerk.person();
  await signIn(page, person);
  await signOut(page);
  await expectOut(page);
  await page.goto(`${express.origin}/private`);
  await expect(page).toHaveURL(new RegExp(`^${clerk.app.origin}/sign-in`));
});

test('a session that was revoked meanwhile ends at the handshake', async ({ page, clerk, express }) => {
  const person = await clerk.person();
  await signIn(page, person);
  await expectIn(page, person);
  await page.goto(`${express.origin}/private`);
  const id = await page.getByRole('paragraph').textContent();
  await clerk.backend('POST', `/sessions/${id}/revoke`);
  await later(clerk, express, 70_000);
  await page.goto(`${express.origin}/private`);
  await expect(page).toHaveURL(new RegExp(`^${clerk.app.origin}/sign-in`));
});

test('an interface takes the token in its header, and refuses an old one', async ({ clerk, express }) => {
  const person = await clerk.person();
  const { jwt } = await session(clerk, person);
  const post = async () => {
    const answer = await fetch(`${express.origin}/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'hello' }),
    });
    return [answer.status, await answer.json()];
  };
  expect(await post()).toEqual([200, { userId: person.id, text: 'hello' }]);
  await later(clerk, express, 70_000);
  expect(await post()).toEqual([401, { error: 'nobody' }]);
});
