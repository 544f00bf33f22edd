// `@clerk/backend` as an app's server uses it. No browser.

import { createSign, generateKeyPairSync } from 'node:crypto';

import { test, expect, newPerson, PASSWORD, MINUTE } from '../support/clerk.js';
import { PICTURE } from '../support/picture.js';
import { createClerkClient, verifyToken, session, at } from '../support/clerk-session.js';

const client = (clerk) => createClerkClient({
  secretKey: clerk.keys.secret_key, publishableKey: clerk.keys.publishable_key, apiUrl: `${clerk.server.url}/api`,
});
const text = (part) => JSON.parse(Buffer.from(part, 'base64url'));
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('users are made, found, changed, banned, locked and deleted', async ({ clerk }) => {
  const { users } = client(clerk);
  const { email, password } = newPerson();
  const made = await users.createUser({
    emailAddress: [email], password, firstName: 'Ada', lastName: 'King', externalId: `x-${email}`, publicMetadata: { role: 'owner' },
  });
  expect(made.primaryEmailAddress.emailAddress).toBe(email);
  expect(made.primaryEmailAddress.verification.status).toBe('verified');
  expect([made.fullName, made.passwordEnabled, made.publicMetadata]).toEqual(['Ada King', true, { role: 'owner' }]);
  const { data, totalCount } = await users.getUserList({ emailAddress: [email] });
  expect([totalCount, data.map(({ id }) => id)]).toEqual([1, [made.id]]);
  expect((await users.getUserList({ externalId: [`x-${email}`], orderBy: '-created_at', limit: 5 })).data[0].id).toBe(made.id);
  expect(await users.getCount({ emailAddress: [email] })).toBe(1);
  expect((await users.getUser(made.id)).id).toBe(made.id);
  expect((await users.updateUser(made.id, { firstName: 'Augusta' })).firstName).toBe('Augusta');
  const merged = await users.updateUserMetadata(made.id, { publicMetadata: { team: 'blue' }, privateMetadata: { plan: 1 } });
  expect([merged.publicMetadata, merged.privateMetadata]).toEqual([{ role: 'owner', team: 'blue' }, { plan: 1 }]);
  expect((await users.verifyPassword({ userId: made.id, password })).verified).toBe(true);
  await expect(users.verifyPassword({ userId: made.id, password: 'not-the-password-at-all' })).rejects.toMatchObject({ status: 422 });
  expect((await users.banUser(made.id)).banned).toBe(true);
  expect((await users.unbanUser(made.id)).banned).toBe(false);
  expect((await users.lockUser(made.id)).locked).toBe(true);
  expect((await users.unlockUser(made.id)).locked).toBe(false);
  expect((await users.updateUserProfileImage(made.id, { file: new Blob([PICTURE], { type: 'image/png' }) })).hasImage).toBe(true);
  expect((await users.deleteUserProfileImage(made.id)).hasImage).toBe(false);
  expect((await users.deleteUser(made.id)).deleted).toBe(true);
  await expect(users.getUser(made.id)).rejects.toMatchObject({ status: 404, errors: [{ code: 'resource_not_found' }] });
});

test('refusals come as the client expects them', async ({ clerk }) => {
  const person = await clerk.person();
  const { users } = client(clerk);
  const taken = await users.createUser({ emailAddress: [person.email], password: PASSWORD }).catch((error) => error);
  expect([taken.status, taken.errors[0].code, taken.errors[0].meta.paramName]).toEqual([422, 'form_identifier_exists', 'email_address']);
  expect(taken.clerkTraceId).toMatch(/^req_/);
  await expect(client(clerk).organizations.getOrganizationList()).rejects.toMatchObject({ status: 501, errors: [{ code: 'operation_not_built' }] });
  const stranger = createClerkClient({ secretKey: `${clerk.keys.secret_key.slice(0, -6)}aaaaaa`, apiUrl: `${clerk.server.url}/api` });
  await expect(stranger.users.getUserList()).rejects.toMatchObject({ status: 401 });
});

test('addresses, sessions, clients, tickets, invitations, lists and templates', async ({ clerk }) => {
  const api = client(clerk);
  const person = await clerk.person();
  const second = await api.emailAddresses.createEmailAddress({
    userId: person.id, emailAddress: `second.${person.email}`, verified: true, primary: false,
  });
  expect((await api.emailAddresses.getEmailAddress(second.id)).verification.status).toBe('verified');
  expect((await api.emailAddresses.updateEmailAddress(second.id, { primary: true })).id).toBe(second.id);
  expect((await api.users.getUser(person.id)).primaryEmailAddressId).toBe(second.id);

  const open = await session(clerk, person);
  const { data: sessions } = await api.sessions.getSessionList({ userId: person.id, status: 'active' });
  expect(sessions.map(({ id }) => id)).toEqual([open.id]);
  const found = await api.sessions.getSession(open.id);
  expect([found.userId, found.status]).toEqual([person.id, 'active']);
  expect((await api.clients.getClient(found.clientId)).sessionIds).toEqual([open.id]);
  const { jwt } = await api.sessions.getToken(open.id);
  expect((await verifyToken(jwt, { jwtKey: clerk.keys.jwt_key })).sid).toBe(open.id);
  expect((await api.sessions.revokeSession(open.id)).status).toBe('revoked');
  expect((await api.sessions.getSessionList({ userId: person.id, status: 'active' })).data).toEqual([]);

  const ticket = await api.signInTokens.createSignInToken({ userId: person.id, expiresInSeconds: 60 });
  expect([ticket.status, (await api.signInTokens.revokeSignInToken(ticket.id)).status]).toEqual(['pending', 'revoked']);
  expect((await api.testingTokens.createTestingToken()).token).toMatch(/\./);

  const guest = newPerson().email;
  const invitation = await api.invitations.createInvitation({ emailAddress: guest, notify: false, publicMetadata: { a: 1 } });
  expect((await api.invitations.getInvitationList({ status: 'pending', query: guest })).data.map(({ id }) => id)).toEqual([invitation.id]);
  expect((await api.invitations.revokeInvitation(invitation.id)).status).toBe('revoked');

  const allowed = await api.allowlistIdentifiers.createAllowlistIdentifier({ identifier: guest, notify: false });
  expect((await api.allowlistIdentifiers.getAllowlistIdentifierList()).data.map(({ id }) => id)).toContain(allowed.id);
  expect((await api.allowlistIdentifiers.deleteAllowlistIdentifier(allowed.id)).deleted).toBe(true);
  const blocked = await api.blocklistIdentifiers.createBlocklistIdentifier({ identifier: guest });
  expect((await api.blocklistIdentifiers.getBlocklistIdentifierList()).data.map(({ id }) => id)).toContain(blocked.id);
  expect((await api.blocklistIdentifiers.deleteBlocklistIdentifier(blocked.id)).deleted).toBe(true);

  const listed = await api.redirectUrls.createRedirectUrl({ url: `${clerk.app.origin}/native` });
  expect((await api.redirectUrls.getRedirectUrl(listed.id)).url).toBe(`${clerk.app.origin}/native`);
  expect((await api.redirectUrls.deleteRedirectUrl(listed.id)).deleted).toBe(true);
  expect((await api.jwks.getJwks()).keys[0]).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' });
});

test('a template makes tokens of its own, which are no sessions', async ({ clerk }) => {
  const api = client(clerk);
  const name = `t${Date.now()}`;
  const template = await api.jwtTemplates.create({ name, claims: { plan: 'pro', who: '{{user.id}}' }, lifetime: 300 });
  const person = await clerk.person();
  const open = await session(clerk, person);
  const { jwt } = await api.sessions.getToken(open.id, name);
  expect(text(jwt.split('.')[1])).toMatchObject({ plan: 'pro', who: person.id });
  expect(text(jwt.split('.')[0]).cat).toBe('cl_B7d4PD222AAA');
  const state = await api.authenticateRequest(asked(clerk, { authorization: `Bearer ${jwt}` }), { jwtKey: clerk.keys.jwt_key });
  expect(state.isAuthenticated).toBe(false);
  expect((await api.jwtTemplates.delete(template.id)).deleted).toBe(true);
});

test('tokens are verified by the PEM without a network, and by the published keys', async ({ clerk }) => {
  const person = await clerk.person();
  const open = await session(clerk, person);
  const away = globalThis.fetch;
  globalThis.fetch = () => { throw new Error('no network'); };
  try {
    const claims = await verifyToken(open.jwt, { jwtKey: clerk.keys.jwt_key, authorizedParties: [clerk.app.origin] });
    expect([claims.sub, claims.sid, claims.azp, claims.v, claims.exp - claims.iat]).toEqual([person.id, open.id, clerk.app.origin, 2, 60]);
  } finally {
    globalThis.fetch = away;
  }
  const byKeys = { secretKey: clerk.keys.secret_key, apiUrl: `${clerk.server.url}/api`, skipJwksCache: true };
  expect((await verifyToken(open.jwt, byKeys)).sub).toBe(person.id);
});

test('the key of tokens is replaced without anybody being signed out', async ({ clerk }) => {
  const byKeys = { secretKey: clerk.keys.secret_key, apiUrl: `${clerk.server.url}/api`, skipJwksCache: true };
  const before = await session(clerk, await clerk.person());
  const next = await clerk.server.command('keys', 'rotate', 'clerk');
  expect(next.jwt_key).not.toBe(clerk.keys.jwt_key);
  await clerk.server.command('keys', 'rotate', 'clerk', '--activate');
  const after = await session(clerk, await clerk.person());
  expect((await verifyToken(after.jwt, { jwtKey: next.jwt_key })).sid).toBe(after.id);
  await expect(verifyToken(after.jwt, { jwtKey: clerk.keys.jwt_key })).rejects.toMatchObject({ reason: 'token-invalid-signature' });
  for (const { id, jwt } of [before, after]) expect((await verifyToken(jwt, byKeys)).sid).toBe(id);
  expect((await verifyToken(await before.token(), byKeys)).sid, 'by either key').toBe(before.id);
  clerk.keys.jwt_key = next.jwt_key;
});

test('what is tampered with, expired, not yet valid, foreign or unsigned is refused with its reason', async ({ clerk }) => {
  const { jwt } = await session(clerk, await clerk.person());
  const [head, claims, signature] = jwt.split('.');
  const jwtKey = clerk.keys.jwt_key;
  const reason = (token, options = {}) => verifyToken(token, { jwtKey, ...options }).then(() => 'taken', (error) => error.reason);
  expect(await reason(jwt)).toBe('taken');
  expect(await reason([head, part({ ...text(claims), sub: 'user_somebody' }), signature].join('.'))).toBe('token-invalid-signature');
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forged = createSign('RSA-SHA256').update(`${head}.${claims}`).sign(own.privateKey, 'base64url');
  expect(await reason([head, claims, forged].join('.'))).toBe('token-invalid-signature');
  expect(await reason([part({ ...text(head), alg: 'none' }), claims, ''].join('.'))).not.toBe('taken');
  expect(await reason([part({ ...text(head), alg: 'HS256' }), claims, signature].join('.'))).toBe('token-invalid-algorithm');
  expect(await reason(jwt, { authorizedParties: ['http://localhost:1'] })).toBe('token-invalid-authorized-parties');
  expect(await at(2 * MINUTE, () => reason(jwt))).toBe('token-expired');
  expect(await at(-2 * MINUTE, () => reason(jwt))).toBe('token-not-active-yet');
  const foreign = own.publicKey.export({ type: 'spki', format: 'pem' });
  expect(await reason(jwt, { jwtKey: foreign })).toBe('token-invalid-signature');
});

test('a request is authenticated by its cookies or its header, and otherwise it is said why not', async ({ clerk }) => {
  const person = await clerk.person();
  const open = await session(clerk, person);
  const api = client(clerk);
  const options = { proxyUrl: clerk.server.url };
  const state = (headers, method = 'GET') => api.authenticateRequest(asked(clerk, headers, method), options);
  const document = { accept: 'text/html', 'sec-fetch-dest': 'document' };

  const byCookie = await state({ cookie: open.toApp() });
  expect([byCookie.status, byCookie.toAuth().userId, byCookie.toAuth().sessionId]).toEqual(['signed-in', person.id, open.id]);
  const byHeader = await state({ authorization: `Bearer ${open.jwt}` });
  expect([byHeader.status, byHeader.toAuth().userId]).toEqual(['signed-in', person.id]);
  const nobody = await state(document);
  expect([nobody.status, nobody.toAuth().userId]).toEqual(['signed-out', null]);

  const [head, claims, signature] = open.jwt.split('.');
  const forged = [head, part({ ...text(claims), sub: 'user_somebody' }), signature].join('.');
  const tampered = await state({ authorization: `Bearer ${forged}` });
  expect([tampered.status, tampered.reason]).toEqual(['signed-out', 'token-invalid-signature']);

  await at(2 * MINUTE, async () => {
    const late = await state({ cookie: open.toApp(), ...document });
    expect(late.status).toBe('handshake');
    expect(late.reason).toMatch(/^session-token-expired/);
    const there = new URL(late.headers.get('location'));
    expect([there.origin, there.pathname]).toEqual([clerk.server.url, '/v1/client/handshake']);
    const post = await state({ cookie: open.toApp(), ...document }, 'POST');
    expect([post.status, post.toAuth().userId]).toEqual(['signed-out', null]);
  });
});

test('a document is asked for with an old token: handshake, nonce, new cookies, once', async ({ clerk }) => {
  const person = await clerk.person();
  const open = await session(clerk, person);
  const api = client(clerk);
  const document = { accept: 'text/html', 'sec-fetch-dest': 'document' };
  const options = { proxyUrl: clerk.server.url };
  const late = await at(2 * MINUTE, () => api.authenticateRequest(asked(clerk, { cookie: open.toApp(), ...document }), options));
  const told = await fetch(late.headers.get('location'), { redirect: 'manual', headers: { cookie: open.cookies.join('; ') } });
  expect(told.status).toBe(307);
  expect(new URL(told.headers.get('location')).href).toBe(`${clerk.app.origin}/private`);
  const nonce = told.headers.getSetCookie().find((line) => /^__clerk_handshake(_nonce)?=/.test(line)).split(';')[0];
  const cookie = `${open.toApp()}; ${nonce}`;
  const back = await api.authenticateRequest(asked(clerk, { cookie, ...document }), options);
  expect([back.status, back.toAuth().userId]).toEqual(['signed-in', person.id]);
  const set = back.headers.getSetCookie().join('\n');
  expect(set).toMatch(/__session=ey/);
  expect(set).toMatch(/__client_uat/);
  const again = await api.authenticateRequest(asked(clerk, { cookie: nonce, ...document }), options);
  expect(again.toAuth()?.userId ?? null).toBe(null);
});

function asked(clerk, headers, method = 'GET') {
  return new Request(`${clerk.app.origin}/private`, { headers, method });
}
