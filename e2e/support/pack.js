// Packs what Clerk publishes, as it is published: the program takes its browser scripts from these files, and not from
// what npm unpacked for other tests.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const lock = JSON.parse(readFileSync(here('package-lock.json'), 'utf8'));

// Each with the sum that the lock file holds.
export const packages = ['@clerk/clerk-js', '@clerk/ui'].map((name) => {
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  return { name, version, integrity, path: here(`packages/${file}`) };
});

export function pack() {
  const missing = packages.filter(({ path }) => !existsSync(path));
  if (missing.length === 0) return;
  mkdirSync(here('packages'), { recursive: true });
  const names = missing.map(({ name, version }) => `${name}@${version}`);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', here('packages'), ...names], { stdio: 'inherit' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) pack();
