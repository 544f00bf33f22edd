// What a page of ours must hold on to: no serious finding of axe, no scrolling
// sideways, and pictures in artefacts/ for a person's eye.

import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';

export async function look(page, name) {
  for (const [kind, scheme, width, height] of [['light', 'light', 1280, 800], ['dark', 'dark', 1280, 800], ['phone', 'light', 360, 740]]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `artefacts/${name}-${kind}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect.soft(wide, `${name} (${kind}) must not scroll sideways`).toBe(false);
    // The caught mail's frame runs no script, so axe cannot look into it.
    const found = await new AxeBuilder({ page }).options({ iframes: false }).setLegacyMode().analyze();
    const grave = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    expect.soft(told, `${name} (${kind})`).toEqual([]);
  }
}
