// An Express app as Clerk's own guide writes it, in a process of its own, so
// that its clock can be moved as well.

import { fileURLToPath } from 'node:url';
import { fork } from 'node:child_process';

const SELF = fileURLToPath(import.meta.url);

export async function expressApp() {
  const child = fork(SELF, ['run'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const app = { log: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { app.log += bytes; });
  const told = () => new Promise((done, failed) => {
    child.once('message', done);
    child.once('exit', (code) => failed(new Error(`the app ended with ${code}:\n${app.log}`)));
  });
  app.origin = (await told()).origin;
  app.connect = async (env) => { child.send({ env }); await told(); };
  app.advance = async (millis) => { child.send({ advance: millis }); await told(); };
  app.close = () => new Promise((done) => { child.removeAllListeners('exit'); child.once('exit', done); child.kill(); });
  return app;
}

if (process.argv[2] === 'run' && process.send) {
  const { default: express } = await import('express');
  const app = express();
  const http = app.listen(0, '127.0.0.1', () => process.send({ origin: `http://localhost:${http.address().port}` }));
  process.on('message', async ({ env, advance }) => {
    if (advance) {
      const now = Date.now;
      Date.now = () => now() + advance;
    } else {
      Object.assign(process.env, env);
      routes(express, app, await import('@clerk/express'));
    }
    process.send({ done: true });
  });
}

function routes(express, app, { clerkMiddleware, clerkClient, getAuth, requireAuth }) {
  app.use(clerkMiddleware());
  app.get('/', (ask, answer) => answer.json({ userId: getAuth(ask).userId }));
  app.get('/private', requireAuth({ signInUrl: process.env.CLERK_SIGN_IN_URL }), async (ask, answer) => {
    const { userId, sessionId } = getAuth(ask);
    const user = await clerkClient.users.getUser(userId);
    answer.send(`<title>private</title><h1>Hello ${user.primaryEmailAddress.emailAddress}</h1><p>${sessionId}</p>`);
  });
  app.post('/notes', express.json(), (ask, answer) => {
    const { isAuthenticated, userId } = getAuth(ask);
    if (!isAuthenticated) return answer.status(401).json({ error: 'nobody' });
    return answer.json({ userId, text: ask.body.text });
  });
}
