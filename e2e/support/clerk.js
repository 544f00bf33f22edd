// What the tests of Clerk's components share: one server and one app for all
// tests of a worker, people made by the Backend API, and a watch over what the
// browser does meanwhile.

import { test as base, expect } from '@playwright/test';

import { clerkApp } from './clerk-app.js';
import { Mailbox } from './mailbox.js';
import { Front } from './front.js';
import { Server } from './server.js';

export { expect };

export const PASSWORD = 'lantern-orbit-velvet-4711';
export const MINUTE = 60_000;

const LOOSE = '[limits]\nmultiplier = 50\nreason = "many tests behind one address"\n';
const LOCAL = ['localhost', '127.0.0.1'];
let people = 0;

export const test = base.extend({
  // More of a housekey.toml.
  clerkConfig: ['', { option: true, scope: 'worker' }],

  // How many may do things behind one address.
  clerkLimits: [LOOSE, { option: true, scope: 'worker' }],

  clerk: [async ({ clerkConfig, clerkLimits }, use) => {
    const clerk = await Clerk.start(clerkConfig, [], clerkLimits);
    await use(clerk);
    await clerk.stop();
  }, { scope: 'worker' }],

  mailbox: [async ({ clerk, browser }, use) => {
    const context = await browser.newContext();
    await use(new Mailbox(clerk.server, context));
    await context.close();
  }, { scope: 'worker' }],

  baseURL: async ({ clerk }, use) => { await use(clerk.app.origin); },

  // Every context that a test opens is watched; `page` is in the first.
  watch: [async ({ clerk }, use, info) => {
    const watch = new Watch();
    await use(watch);
    if (info.status !== info.expectedStatus) await info.attach('server log', { body: clerk.server.log, contentType: 'text/plain' });
    expect(watch.outside, 'requests to other hosts').toEqual([]);
    if (info.status === info.expectedStatus) expect(watch.faults, 'faults in the browser').toEqual([]);
  }, { auto: true }],

  context: async ({ context, clerk, watch }, use) => {
    await enter(context, clerk, watch);
    await use(context);
  },

  // Another browser.
  another: async ({ browser, clerk, watch, baseURL }, use) => {
    const opened = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL });
      opened.push(context);
      await enter(context, clerk, watch);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },
});

// A server, an app that it lists, and keys.
export class Clerk {
  timed = new WeakSet();
  fetch = fetch;

  static async start(config, origins = [], limits = LOOSE) {
    const clerk = new Clerk();
    clerk.app = await clerkApp();
    const forwarded = `[clerk]\nproxy_urls = ["${clerk.app.origin}/__clerk"]\n`;
    clerk.server = await Server.start({ config: `${forwarded}${config}${limits}`, returnTo: [clerk.app.origin, clerk.app.foreign, ...origins] });
    clerk.keys = await clerk.server.command('clerk', 'keys', 'new');
    clerk.app.connect(clerk.server, clerk.keys.publishable_key);
    return clerk;
  }

  // The same by https, as in production: mail goes nowhere.
  static async startSecure(config) {
    const clerk = new Clerk();
    clerk.fronts = [await Front.start(), await Front.start()];
    const [front, before] = clerk.fronts;
    clerk.app = await clerkApp();
    clerk.fetch = (url, init) => front.fetch(url, init);
    before.leadTo(new URL(clerk.app.origin).port);
    clerk.app.origin = before.origin;
    const mail = '[mail]\nfrom = "Acme <no-reply@example.com>"\nsmtp = "smtp://127.0.0.1:1"\n';
    clerk.server = await Server.start({ config: `${config}${mail}`, returnTo: [before.origin], front });
    clerk.keys = await clerk.server.command('clerk', 'keys', 'new');
    clerk.app.connect(clerk.server, clerk.keys.publishable_key);
    return clerk;
  }

  async stop() {
    for (const front of this.fronts ?? []) await front.close();
    await this.server.stop();
    await this.app.close();
  }

  // An operation of the Backend API.
  async backend(method, path, body) {
    const answer = await this.fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.keys.secret_key}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(told)}`);
    return told;
  }

  // Somebody with an account and a proved address.
  async person(more = {}) {
    const { email, password } = newPerson();
    const user = await this.backend('POST', '/users', { email_address: [email], password, ...more });
    return { email, password, id: user.id };
  }

  // Has a browser live at the server's time.
  async keepTime(context) {
    if (this.timed.has(context)) return;
    this.timed.add(context);
    await context.clock.install({ time: Date.now() + this.server.ahead });
  }

  // Moves time on for the server and for these browsers.
  async later(millis, ...contexts) {
    await this.server.advance(millis);
    for (const context of contexts) await context.clock.fastForward(millis);
  }
}

export function newPerson() {
  people += 1;
  return { email: `ada.${process.pid}.${people}@example.com`, password: PASSWORD };
}

async function enter(context, clerk, watch) {
  if (clerk.server.ahead > 0) await clerk.keepTime(context);
  watch.over(context);
}

class Watch {
  outside = [];
  // Other hosts that a test means its pages to reach.
  meant = [];
  faults = [];

  over(context) {
    context.on('request', (request) => {
      const url = new URL(request.url());
      const local = [...LOCAL, ...this.meant].includes(url.hostname) || ['data:', 'blob:', 'about:'].includes(url.protocol);
      if (!local) this.outside.push(request.url());
    });
    context.on('response', (response) => {
      if (response.status() >= 500) this.faults.push(`${response.status()} ${response.url()}`);
    });
    context.on('weberror', (error) => this.faults.push(String(error.error())));
    context.on('console', (message) => {
      // Chromium notes each refusal itself; what the page makes of it is the test's matter.
      const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      if (message.type() === 'error' && !refusal) this.faults.push(`${message.text()} (${message.location().url})`);
    });
  }
}

// Signs somebody in on the app's page with the sign-in component.
export async function signIn(page, person, at = '/sign-in') {
  await page.goto(at);
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
  await expectIn(page, person);
  // It is told before the component has gone to the app's first page.
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'));
}

export async function expectIn(page, person) {
  await expect(page.getByRole('status').first()).toHaveText(`Signed in as ${person.name ?? person.email}`);
}

export async function expectOut(page) {
  await expect(page.getByRole('status').first()).toHaveText('Signed out');
}

// Signs in and goes to the app's page with the user profile.
export async function openProfile(page, person) {
  await signIn(page, person);
  await page.goto('/profile');
  await expect(page.getByRole('heading', { name: 'Profile details' })).toBeVisible();
}

// A part of the user profile, by the name that Clerk's own documents style it by.
export const section = (page, name) => page.locator(`.cl-profileSection__${name}`);

// Sent by Enter: a click would have to hit a button that moves as the field
// tells what it thinks of the password.
export async function sendPassword(page, password) {
  const field = page.getByLabel('Password', { exact: true });
  await field.fill(password);
  await field.press('Enter');
}

export async function sendNewPassword(page, password) {
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('Confirm password').fill(password);
  await page.getByLabel('Confirm password').press('Enter');
}

// What a component says under a field. While one word follows another, both
// are there; the newer one counts.
export const refusal = (page) => page.getByTestId('form-feedback-error').last();

// By the menu of the user button, which is on the app's first page.
export async function signOut(page) {
  await page.getByRole('button', { name: 'Open user menu' }).click();
  // The component goes to the app's first page, and is on it already.
  const again = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await again;
}

// A code, typed as one types it.
export async function typeCode(page, code) {
  const field = page.getByLabel('Enter verification code');
  await field.click();
  await field.pressSequentially(code);
}

// Signs in on the server's own pages.
export async function signInOnPages(page, clerk, person) {
  await page.goto(`${clerk.server.url}/sign-in`);
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByRole('main').getByRole('button', { name: /continue/i }).click();
  await page.getByLabel(/^password/i).fill(person.password);
  await page.getByRole('main').getByRole('button', { name: /sign in|continue/i }).first().click();
  await expect(page).toHaveURL(/\/account/);
}

// A picture, kept in artefacts/ for a person's eye.
export async function look(page, name) {
  await page.screenshot({ path: `artefacts/clerk-${name}.png`, fullPage: true, animations: 'disabled' });
}
