// The real program on an empty folder and a free port, for one test.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const PROGRAM = process.env.HOUSEKEY_PROGRAM ?? new URL('../../target/xtask/housekey-testkit', import.meta.url).pathname;

export class Server {
  constructor(url, folder, port, file) {
    this.url = url;
    // Where it listens, behind whatever stands in front.
    this.local = `http://localhost:${port}`;
    this.folder = folder;
    this.port = port;
    this.file = file;
    this.log = '';
    // By how much the server's clock is ahead of this machine's.
    this.ahead = 0;
  }

  // `config` is the text of a housekey.toml, laid over what every test needs. `front` stands in front of it, and is
  // what people reach.
  static async start({ config = '', returnTo = [], front } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'housekey-e2e-'));
    const port = await freePort();
    const url = front?.origin ?? `http://localhost:${port}`;
    front?.leadTo(port);
    const file = join(folder, 'housekey.toml');
    const origins = returnTo.map((origin) => JSON.stringify(origin)).join(', ');
    await writeFile(file, `[server]\npublic_url = "${url}"\napp_origins = [${origins}]\n${config}`);
    const server = new Server(url, folder, port, file);
    await server.run();
    return server;
  }

  async run() {
    this.child = spawn(
      PROGRAM,
      ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', join(this.folder, 'data'), '--config', this.file],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => { this.log += bytes; });
    }
    await this.ready();
  }

  // As a machine that loses its process, and starts it anew on the same folder.
  async killAndRestart() {
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGKILL');
    await ended;
    await this.run();
  }

  async ready() {
    for (let tries = 0; tries < 200; tries += 1) {
      if (this.child.exitCode !== null) throw new Error(`the server ended by itself:\n${this.log}`);
      const answer = await fetch(`${this.local}/readyz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`the server was not ready within 10 s:\n${this.log}`);
  }

  // The address of the caught mail, with the token that opens it.
  get mailbox() {
    const found = this.log.match(/https?:\/\/\S*\/dev\/mail\S*/);
    if (!found) throw new Error(`the server printed no address for its mail:\n${this.log}`);
    return found[0].replace(/[.,)"']+$/, '');
  }

  // A command of the program's, over this server's data; its answer in JSON.
  async command(...words) {
    const flags = ['--json', '--data', join(this.folder, 'data'), '--config', join(this.folder, 'housekey.toml')];
    const { stdout } = await promisify(execFile)(PROGRAM, [...words, ...flags], { env: { ...process.env, NO_COLOR: '1' } });
    return JSON.parse(stdout);
  }

  // Moves the server's clock on; the program has this in its test kit alone.
  async advance(millis) {
    const answer = await this.ask({ ask: 'clock_advance', millis });
    if (answer.ok === undefined) throw new Error(`the server's clock was not moved: ${JSON.stringify(answer)}`);
    this.ahead = answer.ok;
  }

  // A question on the control socket, as the command line asks them.
  ask(question) {
    return new Promise((done, failed) => {
      const socket = connect(join(this.folder, 'data', 'control.sock'));
      let text = '';
      socket.on('error', failed).on('data', (bytes) => { text += bytes; }).on('end', () => done(JSON.parse(text)));
      socket.write(`${JSON.stringify(question)}\n`);
    });
  }

  async stop() {
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => { probe.listen(0, '127.0.0.1', done); });
  const { port } = probe.address();
  await new Promise((done) => { probe.close(done); });
  return port;
}
