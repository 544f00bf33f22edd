// The official quickstarts in `examples/`, with Clerk's packages as published: each is built, started and used.

import { test as base, expect } from '@playwright/test';

import { App, expireToken, freePort, houseFor } from '../support/apps.js';
import { typeCode } from '../support/clerk.js';
import { Mailbox } from '../support/mailbox.js';

const PASSWORD = 'lantern-orbit-velvet-4711';

// One house and its apps for all tests of a group: building is what takes time.
function testOf(setUp) {
  return base.extend({
    apps: [async ({ browser }, use) => {
      const apps = await setUp();
      const context = await browser.newContext();
      await use({ ...apps, mailbox: new Mailbox(apps.house.server, context) });
      await context.close();
      const started = Object.values(apps).filter((app) => app instanceof App);
      for (const app of started) await app.stop();
      await apps.house.server.stop();
      for (const app of started) expect(app.log).not.toContain('asked for another machine');
    }, { scope: 'worker', timeout: 300_000 }],

    // A browser that may ask this machine alone, and that keeps its cookies from test to test.
    tab: [async ({ browser }, use) => {
      const context = await browser.newContext();
      const foreign = [];
      context.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (protocol.startsWith('http') && hostname !== 'localhost') foreign.push(request.url());
      });
      await use(await context.newPage());
      await context.close();
      expect(foreign).toEqual([]);
    }, { scope: 'worker' }],

    report: [async ({ apps }, use, info) => {
      await use();
      if (info.status === info.expectedStatus) return;
      for (const [name, app] of Object.entries(apps)) {
        const log = app.log ?? app.server?.log;
        if (log) await info.attach(`log of ${name}`, { body: log, contentType: 'text/plain' });
      }
    }, { auto: true }],
  });
}

// Fills in `<SignUp/>`, and types the code that was mailed.
async function signUp(page, mailbox, email) {
  await page.locator('input[name=emailAddress]').fill(email);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await typeCode(page, await mailbox.code(email));
}

// The components ask for no name, so an administrator gives one.
async function named(house, page) {
  const id = await page.evaluate(() => window.Clerk.user.id);
  const answer = await fetch(`${house.server.url}/api/v1/users/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${house.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ first_name: 'Ada' }),
  });
  expect(answer.status).toBe(200);
}

async function signOut(page, name) {
  await page.getByRole('button', { name: 'Open user menu' }).click();
  await expect(page.getByText('Sign out', { exact: true })).toBeVisible();
  if (name) await picture(page, name, 280);
  await page.getByText('Sign out', { exact: true }).click();
}

// For the guide: kept where the environment names a folder.
async function picture(page, name, height) {
  const folder = process.env.HOUSEKEY_PICTURES;
  if (!folder) return;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 880, height });
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' });
  await page.setViewportSize(before);
}

// The addresses that a navigation went through.
async function hops(page, go) {
  const seen = [];
  const note = (request) => {
    if (request.isNavigationRequest()) seen.push(new URL(request.url()).pathname);
  };
  page.on('request', note);
  await go();
  page.off('request', note);
  return seen;
}

const next = testOf(async () => {
  const port = await freePort();
  const house = await houseFor([port]);
  const app = new App('clerk-nextjs', {
    NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: house.publishable,
    NEXT_PUBLIC_CLERK_PROXY_URL: '/__clerk',
    NEXT_PUBLIC_CLERK_SIGN_IN_URL: '/sign-in',
    NEXT_PUBLIC_CLERK_SIGN_UP_URL: '/sign-up',
    CLERK_SECRET_KEY: house.secret,
    CLERK_API_URL: `${house.server.url}/api`,
    HOUSEKEY_URL: house.server.url,
  });
  await app.build('next/dist/bin/next', 'build');
  await app.start(port, 'node_modules/next/dist/bin/next', 'start', '--port', String(port));
  return { house, app };
});

next.describe('Next.js', () => {
  next.describe.configure({ mode: 'serial', timeout: 120_000 });

  next('a protected page leads to signing up, and back', async ({ apps: { app, mailbox }, tab }) => {
    await tab.goto(`${app.url}/dashboard`);
    await expect(tab).toHaveURL(/\/sign-in\?redirect_url=/);
    await tab.getByRole('link', { name: 'Sign up' }).click();
    await expect(tab.locator('input[name=emailAddress]')).toBeVisible();
    await picture(tab, 'clerk-nextjs', 560);
    await signUp(tab, mailbox, 'ada.next@example.com');
    await expect(tab.getByRole('heading', { name: /^Hello/ })).toBeVisible();
    await expect(tab.getByText('ada.next@example.com')).toBeVisible();
    await expect(tab).toHaveURL(`${app.url}/dashboard`);
  });

  next('a page shows the name that the user has', async ({ apps: { house }, tab }) => {
    await named(house, tab);
    await tab.reload();
    await expect(tab.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  });

  next('a route handler knows who asks', async ({ apps: { app }, tab }) => {
    const told = await tab.evaluate(() => fetch('/api/me').then((answer) => answer.json()));
    expect(told).toEqual({ userId: expect.stringMatching(/^user_/), email: 'ada.next@example.com' });
    const stranger = await fetch(`${app.url}/api/me`, { redirect: 'manual' });
    expect(stranger.status).toBe(307);
    expect(stranger.headers.get('location')).toMatch(/^\/sign-in\?redirect_url=/);
  });

  next('a token that is over is renewed by a handshake, as often as that happens', async ({ apps: { app }, tab }) => {
    for (let times = 0; times < 2; times += 1) {
      await tab.goto('about:blank');
      await expireToken(tab.context(), app.url);
      const through = await hops(tab, () => tab.goto(`${app.url}/dashboard`));
      expect(through).toEqual(['/dashboard', '/__clerk/v1/client/handshake', '/dashboard']);
      await expect(tab.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
    }
    // What brought the answer is gone with it, so the next page is simply shown.
    expect(await hops(tab, () => tab.goto(`${app.url}/dashboard`))).toEqual(['/dashboard']);
    await expect(tab.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  });

  next('signing out ends it for pages and routes', async ({ apps: { app }, tab }) => {
    await signOut(tab);
    await expect(tab.getByRole('button', { name: 'Sign in' })).toBeVisible();
    const told = await tab.evaluate(() => fetch('/api/me', { redirect: 'manual' }).then((answer) => answer.type));
    expect(told).toBe('opaqueredirect');
    await tab.goto(`${app.url}/dashboard`);
    await expect(tab).toHaveURL(/\/sign-in\?redirect_url=/);
    await expect(tab.locator('input[name=identifier]')).toBeVisible();
  });
});

const react = testOf(async () => {
  const [port, apiPort] = [await freePort(), await freePort()];
  const house = await houseFor([port, apiPort]);
  const app = new App('clerk-react', {
    VITE_CLERK_PUBLISHABLE_KEY: house.publishable,
    VITE_CLERK_PROXY_URL: '/__clerk',
    HOUSEKEY_URL: house.server.url,
  });
  await app.build('vite/bin/vite.js', 'build');
  await app.start(port, 'node_modules/vite/bin/vite.js', 'preview', '--port', String(port), '--strictPort');
  const api = new App('clerk-express', {
    CLERK_PUBLISHABLE_KEY: house.publishable,
    CLERK_SECRET_KEY: house.secret,
    CLERK_API_URL: `${house.server.url}/api`,
    CLERK_PROXY_URL: house.server.url,
    CLERK_JWT_KEY: house.pem,
  });
  await api.start(apiPort, 'index.js');
  return { house, app, api };
});

react.describe('React and Express', () => {
  react.describe.configure({ mode: 'serial', timeout: 120_000 });

  const asked = (url, token) => fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });

  react('nobody is let in who is not signed in', async ({ apps: { app, api }, tab }) => {
    await tab.goto(app.url);
    await expect(tab.getByRole('heading', { name: 'Welcome' })).toBeVisible();
    expect((await asked(`${api.url}/`)).status).toBe(200);
    expect((await asked(`${api.url}/protected`)).status).toBe(401);
    expect((await asked(`${api.url}/protected`, 'no.token.at-all')).status).toBe(401);
  });

  react('signing up in the app, with the code that is mailed', async ({ apps: { app, house, mailbox }, tab }) => {
    await tab.getByRole('button', { name: 'Sign up' }).click();
    await signUp(tab, mailbox, 'ada.react@example.com');
    await expect(tab.getByText('You are signed in as ada.react@example.com.')).toBeVisible();
    await named(house, tab);
    await tab.goto(app.url);
    await expect(tab.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible();
  });

  react('the API knows who asks by a token and by cookies', async ({ apps: { app, api }, tab }) => {
    const token = await tab.evaluate(() => window.Clerk.session.getToken());
    const ada = { id: expect.stringMatching(/^user_/), firstName: 'Ada', email: 'ada.react@example.com' };
    expect(await (await asked(`${api.url}/protected`, token)).json()).toEqual(ada);
    const [head, claims, signature] = token.split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    const forged = [head, claims, other + signature.slice(1)].join('.');
    expect((await asked(`${api.url}/protected`, forged)).status).toBe(401);

    await tab.goto(`${api.url}/protected`);
    expect(JSON.parse(await tab.locator('body').innerText())).toEqual(ada);
    await picture(tab, 'clerk-express', 120);
    await expireToken(tab.context(), app.url);
    const through = await hops(tab, () => tab.goto(`${api.url}/protected`));
    expect(through).toContain('/v1/client/handshake');
    expect(JSON.parse(await tab.locator('body').innerText())).toEqual(ada);
  });

  react('signing out', async ({ apps: { app, api }, tab }) => {
    await tab.goto(app.url);
    await signOut(tab, 'clerk-react');
    await expect(tab.getByRole('heading', { name: 'Welcome' })).toBeVisible();
    const answer = await tab.goto(`${api.url}/protected`);
    expect(answer.status()).toBe(401);
  });
});
