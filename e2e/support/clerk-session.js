// A browser without a window: signs somebody in by the Frontend API and keeps
// what the server sets, for tests of backends.

import { createRequire } from 'node:module';

// One copy of Clerk's modules for all tests: they have a build for `require`.
export const { createClerkClient, verifyToken } = createRequire(import.meta.url)('@clerk/backend');

export async function session(clerk, person) {
  const { token } = await clerk.backend('POST', '/sign_in_tokens', { user_id: person.id });
  const { answer, told } = await post(clerk, '/v1/client/sign_ins', { strategy: 'ticket', ticket: token });
  const [open] = told.client.sessions;
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
  const uat = cookies.find((pair) => pair.startsWith('__client_uat='));
  return {
    id: open.id,
    jwt: open.last_active_token.jwt,
    uat: uat.split('=')[1],
    cookies,
    // What the browser sends to the app's own backend.
    toApp: (jwt = open.last_active_token.jwt) => `${uat}; __session=${jwt}`,
    token: async () => (await post(clerk, `/v1/client/sessions/${open.id}/tokens`, {}, cookies)).told.jwt,
  };
}

async function post(clerk, path, fields, cookies = []) {
  const answer = await fetch(`${clerk.server.url}${path}`, {
    method: 'POST',
    headers: { origin: clerk.app.origin, 'content-type': 'application/x-www-form-urlencoded', cookie: cookies.join('; ') },
    body: new URLSearchParams(fields),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(told)}`);
  return { answer, told };
}

// Another time for what runs meanwhile in this process.
export async function at(ahead, run) {
  const now = Date.now;
  Date.now = () => now() + ahead;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}
