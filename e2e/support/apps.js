// The example apps, built and started as their READMEs say, against a server that keeps Clerk's scripts.

import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { pack, packages } from './pack.js';
import { PROGRAM, Server } from './server.js';

const run = promisify(execFile);
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const LOOPBACK_ONLY = fileURLToPath(new URL('./loopback-only.cjs', import.meta.url));

// A server for apps on these ports, with its keys and with the scripts.
export async function houseFor(ports, options = {}) {
  const server = await Server.start({ returnTo: ports.map((port) => `http://localhost:${port}`), ...options });
  pack();
  for (const { path, integrity } of packages) {
    await housekey(server, ['clerk', 'bundles', 'add', path, '--integrity', integrity]);
  }
  const keys = JSON.parse(await housekey(server, ['clerk', 'keys', 'new', '--json']));
  return { server, publishable: keys.publishable_key, secret: keys.secret_key, pem: keys.jwt_key };
}

// The command line beside a running server.
export async function housekey(server, args) {
  const { stdout } = await run(PROGRAM, [
    ...args,
    '--data', join(server.folder, 'data'),
    '--config', join(server.folder, 'housekey.toml'),
  ]);
  return stdout;
}

export class App {
  constructor(name, env) {
    this.folder = join(EXAMPLES, name);
    // `NODE_OPTIONS` reaches the workers that a build starts, too.
    this.env = {
      ...process.env,
      ...env,
      CLERK_TELEMETRY_DISABLED: '1',
      NEXT_PUBLIC_CLERK_TELEMETRY_DISABLED: '1',
      NEXT_TELEMETRY_DISABLED: '1',
      NODE_OPTIONS: `--require ${LOOPBACK_ONLY}`,
    };
    this.log = '';
  }

  async build(script, ...args) {
    const options = { cwd: this.folder, env: { ...this.env, NODE_ENV: 'production' } };
    try {
      const { stdout, stderr } = await run(process.execPath, [join('node_modules', script), ...args], options);
      this.log += stdout + stderr;
    } catch (fault) {
      throw new Error(`${this.folder} does not build:\n${fault.stdout}\n${fault.stderr}`);
    }
  }

  // Starts it and waits until it answers.
  async start(port, script, ...args) {
    this.url = `http://localhost:${port}`;
    this.child = spawn(process.execPath, [script, ...args], {
      cwd: this.folder,
      env: { ...this.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => { this.log += bytes; });
    }
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.child.exitCode !== null) throw new Error(`${this.folder} ended by itself:\n${this.log}`);
      const answer = await fetch(this.url).catch(() => null);
      if (answer) return;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`${this.folder} did not answer within 30 s:\n${this.log}`);
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGTERM');
    await ended;
  }
}

export async function freePort() {
  const probe = createServer();
  await new Promise((done) => { probe.listen(0, '127.0.0.1', done); });
  const { port } = probe.address();
  await new Promise((done) => { probe.close(done); });
  return port;
}

// The token that a browser holds, as if its minute were over. The signature no longer fits, but what is over is told
// before that is looked at.
export async function expireToken(context, url) {
  const cookies = await context.cookies(url);
  const expired = cookies.filter(({ name }) => /^__session(_|$)/.test(name)).map((cookie) => {
    const [head, claims, signature] = cookie.value.split('.');
    const read = JSON.parse(Buffer.from(claims, 'base64url'));
    const past = { ...read, iat: read.iat - 300, nbf: read.nbf - 300, exp: read.exp - 300 };
    return { ...cookie, value: [head, Buffer.from(JSON.stringify(past)).toString('base64url'), signature].join('.') };
  });
  if (expired.length === 0) throw new Error(`no token in ${cookies.map(({ name }) => name)}`);
  await context.addCookies(expired);
}
