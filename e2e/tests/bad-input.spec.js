// What no browser sends: every route answers it with a clear refusal, never
// with a fault of its own, and goes on serving everybody else.

import { spawn } from 'node:child_process';
import { connect } from 'node:net';

import { test, expect, newPerson, PASSWORD } from '../support/test.js';

const FORMS = [
  '/sign-in', '/sign-in/password', '/sign-in/code', '/forgot-password', '/sign-up', '/sign-up/code', '/sign-out',
  '/account', '/account/emails', '/account/security', '/account/devices', '/step-up', '/undo',
];

const FORM = 'application/x-www-form-urlencoded';
const BODIES = [
  ['nothing', FORM, ''],
  ['no token', FORM, 'email=ada%40example.com&password=x'],
  ['a token that is none', FORM, 'csrf=AAAA&csrf_token=AAAA&email=ada%40example.com'],
  ['bad UTF-8', FORM, 'email=%FF%FE&password=%C3%28&code=%E2%82'],
  ['nulls', FORM, 'email=a%00b%40example.com&password=%00&code=%00'],
  ['a field twice', FORM, 'email=a%40example.com&email=b%40example.com&password=a&password=b&code=1&code=2'],
  ['a very long field', FORM, `email=${'a'.repeat(20_000)}%40example.com&password=${'p'.repeat(20_000)}`],
  ['thousands of fields', FORM, Array.from({ length: 3_000 }, (_, n) => `f${n}=1`).join('&')],
  ['JSON', 'application/json', '{"email":{"$gt":""},"password":["x"]}'],
  ['text', 'text/plain', 'email=ada@example.com'],
  ['a part of a multipart', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na'],
  ['no type that exists', 'nonsense', '\x00\x01\x02'],
];

test('every form refuses what it cannot read', async ({ server }) => {
  for (const path of FORMS) {
    for (const [what, type, body] of BODIES) {
      const answer = await post(server, path, type, body);
      expect.soft(answer.status, `POST ${path} with ${what}`).toBeGreaterThanOrEqual(400);
      expect.soft(answer.status, `POST ${path} with ${what}`).toBeLessThan(500);
      expect.soft(await answer.text(), `POST ${path} with ${what} says why`).not.toBe('');
    }
  }
  await serves(server);
});

test('a body beyond every form is cut off', async ({ server }) => {
  for (const path of ['/sign-in', '/sign-up']) {
    // A server that does not read on may close the connection before its answer is read.
    const answer = await post(server, path, FORM, `email=${'a'.repeat(4_000_000)}`).catch(() => null);
    expect.soft(answer?.status ?? 413, path).toBe(413);
  }
  await serves(server);
});

test('parameters that mean nothing are no fault', async ({ server }) => {
  const odd = ['?return_to=%00', '?return_to=%FF', '?return_to=//evil.example', '?return_to=/%5Cevil.example', '?return_to=javascript:alert(1)',
    `?return_to=/${'a'.repeat(6_000)}`, '?return_to=/a&return_to=/b', '?token=', '?token=%00', '?%FF=%FF', '?='];
  for (const path of ['/', '/sign-in', '/sign-up', '/forgot-password', '/undo', '/account']) {
    for (const query of odd) {
      const answer = await fetch(`${server.url}${path}${query}`, { redirect: 'manual' });
      expect.soft(answer.status, `GET ${path}${query.slice(0, 40)}`).toBeLessThan(500);
      const target = answer.headers.get('location') ?? '/';
      expect.soft(new URL(target, server.url).origin, `GET ${path}${query.slice(0, 40)} stays here`).toBe(server.url);
    }
  }
  await serves(server);
});

test('cookies that nobody made count as none', async ({ server }) => {
  for (const cookie of ['housekey=1', '__Host-housekey=a.b', 'housekey_AAAAAAAA=client_x.y', 'no name', '=;=;;=', `a=${'b'.repeat(4_000)}`]) {
    const answer = await fetch(`${server.url}/account`, { redirect: 'manual', headers: { cookie } });
    expect.soft(answer.status, cookie.slice(0, 40)).toBeLessThan(500);
    expect.soft(answer.status, cookie.slice(0, 40)).not.toBe(200);
  }
});

test('another host is not served', async ({ server }) => {
  const said = await raw(server, 'GET /sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
  expect(said).toMatch(/^HTTP\/1\.1 421/);
});

test('a body that never comes does not hold its connection for ever', async ({ server }) => {
  test.setTimeout(120_000);
  const { host } = new URL(server.url);
  const said = await raw(server, `POST /sign-in HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${FORM}\r\nContent-Length: 100\r\n\r\nemail=`, 60_000);
  expect(said, 'closed within a minute').not.toBe('open');
  await serves(server);
});

test('a second server on the same files refuses to start and says why', async ({ server }) => {
  const second = spawn(server.child.spawnfile, [
    'serve', '--listen', '127.0.0.1:0', '--data', `${server.folder}/data`, '--config', `${server.folder}/housekey.toml`,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [second.stdout, second.stderr]) stream.on('data', (bytes) => { said += bytes; });
  const timer = setTimeout(() => second.kill('SIGKILL'), 15_000);
  const code = await new Promise((done) => { second.once('exit', done); });
  clearTimeout(timer);
  expect(code, said).toBeGreaterThan(0);
  expect(said).toMatch(/already|another|in use|locked/i);
  await serves(server);
});

test('a code is worth nothing in another browser', async ({ page, mailbox, browser, server }) => {
  const person = newPerson();
  await page.goto('/sign-up');
  await page.getByLabel(/e-mail/i).fill(person.email);
  await page.getByLabel(/^password/i).fill(PASSWORD);
  await page.getByRole('main').getByRole('button', { name: /create|sign up|continue/i }).click();
  const code = await mailbox.code(person.email);
  // The code belongs to the browser that asked: another one gets nowhere with it.
  const other = await (await browser.newContext({ baseURL: server.url })).newPage();
  await other.goto('/sign-up/code');
  const field = other.getByLabel(/code/i);
  if (await field.isVisible().catch(() => false)) {
    await field.fill(code);
    await field.press('Enter');
  }
  await expect(other).not.toHaveURL(/\/account/);
  await other.context().close();
});

function post(server, path, type, body) {
  const headers = { 'content-type': type, origin: server.url, 'sec-fetch-site': 'same-origin' };
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body, redirect: 'manual' });
}

async function serves(server) {
  const answer = await fetch(`${server.url}/sign-in`);
  expect(answer.status).toBe(200);
}

// Sends bytes as they are and returns what came back, or 'open'.
function raw(server, text, patience = 10_000) {
  return new Promise((done) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(text));
    let said = '';
    const timer = setTimeout(() => { socket.destroy(); done(said || 'open'); }, patience);
    const end = () => { clearTimeout(timer); done(said || 'closed'); };
    socket.on('data', (bytes) => { said += bytes; });
    socket.on('close', end);
    socket.on('error', end);
  });
}
