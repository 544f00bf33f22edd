// Webhooks of the real program, received by the verifiers of Clerk's own packages: `@clerk/backend` takes a web
// Request, `@clerk/express` what Express hands on.

import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { verifyWebhook } from '@clerk/backend/webhooks';
import { verifyWebhook as verifyExpress } from '@clerk/express/webhooks';
import express from 'express';

import { test, expect, newPerson, signUp } from '../support/test.js';
import { PROGRAM } from '../support/server.js';

const run = promisify(execFile);

// An app with an endpoint for each package. It keeps what it could verify, and answers 400 to the rest.
class App {
  constructor() {
    this.events = [];
    this.refused = 0;
    this.down = false;
    this.secret = '';
    const routes = express();
    routes.post('/backend', express.raw({ type: 'application/json' }), async (req, res) => {
      const url = `http://${req.headers.host}${req.originalUrl}`;
      const request = new Request(url, { method: 'POST', headers: req.headers, body: req.body });
      await this.take(res, 'backend', () => verifyWebhook(request, { signingSecret: this.secret }));
    });
    routes.post('/express', express.raw({ type: 'application/json' }), async (req, res) => {
      await this.take(res, 'express', () => verifyExpress(req, { signingSecret: this.secretOfExpress }));
    });
    this.server = createServer(routes);
  }

  async take(res, by, verify) {
    if (this.down) return res.sendStatus(503);
    try {
      this.events.push({ by, ...(await verify()) });
      return res.sendStatus(204);
    } catch {
      this.refused += 1;
      return res.sendStatus(400);
    }
  }

  async listen() {
    await new Promise((done) => { this.server.listen(0, '127.0.0.1', done); });
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  types(by) {
    return this.events.filter((event) => event.by === by).map((event) => event.type);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function housekey(server, ...args) {
  const flags = ['--data', join(server.folder, 'data'), '--config', join(server.folder, 'housekey.toml'), '--json'];
  return run(PROGRAM, [...args, ...flags]).then(({ stdout }) => JSON.parse(stdout));
}

test('a sign-up is told to an app that verifies with the packages as they are', async ({ page, server, mailbox }) => {
  const app = await new App().listen();
  try {
    const first = await housekey(server, 'webhook', 'add', `${app.url}/backend`);
    const second = await housekey(server, 'webhook', 'add', `${app.url}/express`, '--event', 'user.*', '--event', 'session.*');
    expect(first.secret).toMatch(/^whsec_/);
    app.secret = first.secret;
    app.secretOfExpress = second.secret;
    const tried = await housekey(server, 'webhook', 'test', first.id);
    expect(tried).toMatchObject({ taken: true, status: 204 });

    const person = newPerson();
    await signUp(page, mailbox, person);
    const expected = ['webhook.test', 'email.created', 'user.created', 'session.created'];
    await expect.poll(() => app.types('backend').sort()).toEqual(expected.sort());
    await expect.poll(() => app.types('express')).toEqual(['user.created', 'session.created']);
    const made = app.events.find((event) => event.type === 'user.created').data;
    expect(made.email_addresses.map((email) => email.email_address)).toEqual([person.email]);
    expect(made.primary_email_address_id).toBe(made.email_addresses[0].id);
    const session = app.events.find((event) => event.type === 'session.created').data;
    expect(session).toMatchObject({ user_id: made.id, status: 'active' });

    // Both of two live secrets are right, and no other is.
    const rotated = await housekey(server, 'webhook', 'secret', 'rotate', second.id);
    expect(rotated.secret).not.toBe(second.secret);
    await housekey(server, 'webhook', 'test', second.id);
    app.secretOfExpress = rotated.secret;
    await housekey(server, 'webhook', 'test', second.id);
    expect(app.types('express').filter((type) => type === 'webhook.test')).toHaveLength(2);
    expect(app.refused).toBe(0);
    app.secretOfExpress = first.secret;
    await expect(housekey(server, 'webhook', 'test', second.id)).rejects.toMatchObject({ code: 1 });
    expect(app.refused).toBe(1);
  } finally {
    app.close();
  }
});

test('what an app missed is told when it is back, after a kill of the server too, and once more if asked', async ({ page, server, mailbox }) => {
  const app = await new App().listen();
  try {
    const made = await housekey(server, 'webhook', 'add', `${app.url}/backend`, '--event', 'user.created');
    app.secret = made.secret;
    app.down = true;
    const begun = new Date().toISOString();
    await signUp(page, mailbox, newPerson());
    const [missed] = await housekey(server, 'webhook', 'list');
    expect(missed).toMatchObject({ waiting: 1, done: 0 });
    await expect.poll(async () => (await housekey(server, 'webhook', 'list'))[0].failing_since).toBeTruthy();
    await server.killAndRestart();
    app.down = false;
    await expect.poll(() => app.types('backend'), { timeout: 30_000 }).toEqual(['user.created']);

    const told = await housekey(server, 'webhook', 'replay', made.id, '--since', begun);
    expect(told.messages).toBe(1);
    await expect.poll(() => app.types('backend')).toEqual(['user.created', 'user.created']);
    expect(app.refused).toBe(0);
  } finally {
    app.close();
  }
});
