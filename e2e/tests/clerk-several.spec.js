// Several accounts in one browser, where the instance allows it.

import { test, expect, signIn, expectIn, expectOut, look, sendPassword } from '../support/clerk.js';

test.use({ clerkConfig: '[sessions]\nmulti = true\n' });

test('two accounts are signed in, switched between, and signed out one by one', async ({ page, clerk }) => {
  const [ada, eve] = [await clerk.person({ first_name: 'Ada' }), await clerk.person({ first_name: 'Eve' })];
  await signIn(page, { ...ada, name: 'Ada' });
  await menu(page);
  await look(page, 'several-menu-one');
  await page.getByRole('button', { name: 'Add account' }).click();
  await signInHere(page, eve);
  await expectIn(page, { name: 'Eve' });

  await menu(page);
  await look(page, 'several-menu-two');
  await page.getByRole('button', { name: new RegExp(ada.email) }).click();
  await expectIn(page, { name: 'Ada' });
  await page.reload();
  await expectIn(page, { name: 'Ada' });

  await menu(page);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expectIn(page, { name: 'Eve' });
});

test('signing out of all accounts leaves nobody', async ({ page, clerk }) => {
  const [ada, eve] = [await clerk.person({ first_name: 'Ada' }), await clerk.person({ first_name: 'Eve' })];
  await signIn(page, { ...ada, name: 'Ada' });
  await menu(page);
  await page.getByRole('button', { name: 'Add account' }).click();
  await signInHere(page, eve);
  await expectIn(page, { name: 'Eve' });
  await menu(page);
  await page.getByRole('button', { name: 'Sign out of all accounts' }).click();
  await expectOut(page);
  for (const person of [ada, eve]) {
    expect(await clerk.backend('GET', `/sessions?user_id=${person.id}&status=active`)).toEqual([]);
  }
});

const menu = (page) => page.getByRole('button', { name: 'Open user menu' }).click();

async function signInHere(page, person) {
  await page.getByLabel('Email address').fill(person.email);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await sendPassword(page, person.password);
}
