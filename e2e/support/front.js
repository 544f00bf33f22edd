// What ends https in front of a server on this machine, with a certificate that
// is made for the test and that no browser trusts by itself.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export class Front {
  static async start() {
    const front = new Front();
    front.open = new Set();
    front.made = await certificate();
    front.server = createServer(front.made, (secure) => front.lead(secure));
    await new Promise((done) => { front.server.listen(0, '127.0.0.1', done); });
    front.origin = `https://localhost:${front.server.address().port}`;
    return front;
  }

  leadTo(port) {
    this.port = port;
  }

  lead(secure) {
    const plain = connect(this.port, '127.0.0.1');
    for (const socket of [secure, plain]) {
      this.open.add(socket);
      // Whoever hangs up has had enough; the other end is told.
      socket.on('error', () => {}).on('close', () => { this.open.delete(socket); secure.destroy(); plain.destroy(); });
    }
    secure.pipe(plain).pipe(secure);
  }

  // What is behind it, for somebody who trusts its certificate.
  fetch(url, { method, headers, body }) {
    return new Promise((done, failed) => {
      const ask = request(url, { method, headers, ca: this.made.cert }, async (answer) => {
        let text = '';
        for await (const piece of answer) text += piece;
        done(new Response(text, { status: answer.statusCode }));
      });
      ask.on('error', failed).end(body);
    });
  }

  async close() {
    for (const socket of this.open) socket.destroy();
    await new Promise((done) => { this.server.close(done); });
  }
}

async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), 'housekey-front-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  await promisify(execFile)('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert,
  ]);
  const made = { key: await readFile(key), cert: await readFile(cert) };
  await rm(folder, { recursive: true });
  return made;
}
