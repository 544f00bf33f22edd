// Solves a challenge of the server's for one of Clerk's components, which loads
// this file, gives it what was posed, and hands on what it answers. It works in
// slices and by the browser's own cryptography: a page's policy may forbid
// workers.

const AT_ONCE = 8;

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (some) => Array.from(some, (byte) => byte.toString(16).padStart(2, '0')).join('');

async function derive({ nonce, salt, cost, keyLength }, counter) {
  const password = new Uint8Array(nonce.length / 2 + 4);
  password.set(bytes(nonce));
  new DataView(password.buffer).setUint32(nonce.length / 2, counter);
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: bytes(salt), iterations: cost };
  return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8)));
}

export default async function solve(container, { token, signal }) {
  const { challenge, held } = JSON.parse(token);
  for (let first = 0; ; first += AT_ONCE) {
    if (signal?.aborted) throw new DOMException('The check was left.', 'AbortError');
    const counters = Array.from({ length: AT_ONCE }, (_, n) => first + n);
    const keys = await Promise.all(counters.map((counter) => derive(challenge.parameters, counter)));
    const at = keys.findIndex((key) => key.startsWith(challenge.parameters.keyPrefix));
    if (at >= 0) {
      const solution = { counter: counters[at], derivedKey: keys[at] };
      return JSON.stringify({ proof: btoa(JSON.stringify({ challenge, solution })), held });
    }
  }
}
