// The mail that development catches, read as a person would: in a browser.

import { expect } from '@playwright/test';

export class Mailbox {
  constructor(server, context) {
    this.server = server;
    this.context = context;
    this.used = new Set();
  }

  // The text of the newest mail to an address that was not asked for before,
  // and is one that is waited for.
  async newest(address, wanted = /./) {
    const page = await this.context.newPage();
    try {
      let text = '';
      await expect(async () => {
        await page.goto(this.server.mailbox);
        const links = page.getByRole('main').getByRole('link').filter({ hasText: address });
        const rows = page.getByRole('main').getByRole('listitem').or(page.getByRole('row')).filter({ hasText: address });
        const link = (await links.count()) > 0 ? links.first() : rows.first().getByRole('link').first();
        const target = await link.getAttribute('href', { timeout: 1_000 });
        expect(target && !this.used.has(target), `a new mail to ${address}`).toBeTruthy();
        await page.goto(new URL(target, page.url()).href);
        text = await page.getByRole('main').innerText();
        for (const frame of page.frames().slice(1)) text += `\n${await frame.locator('body').innerText()}`;
        expect(text).toMatch(wanted);
        this.used.add(target);
      }).toPass({ timeout: 15_000 });
      return text;
    } finally {
      await page.close();
    }
  }

  // The digits of the newest message to a phone that were not asked for before.
  async sms(number) {
    const page = await this.context.newPage();
    try {
      let code = '';
      await expect(async () => {
        await page.goto(this.server.mailbox);
        const newest = page.getByRole('main').getByRole('listitem').filter({ hasText: number }).first();
        const text = await newest.innerText({ timeout: 1_000 });
        [, code] = text.match(/#(\d{6})/) ?? [];
        expect(code && !this.used.has(`${number} ${code}`), `a new message to ${number}`).toBeTruthy();
      }).toPass({ timeout: 15_000 });
      this.used.add(`${number} ${code}`);
      return code;
    } finally {
      await page.close();
    }
  }

  async code(address) {
    const text = await this.newest(address, /is your code/);
    const found = text.match(/\b(\d{3})[\s-]?(\d{3})\b/);
    if (!found) throw new Error(`no code in the mail:\n${text}`);
    return found[1] + found[2];
  }
}
