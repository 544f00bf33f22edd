import { defineConfig } from '@playwright/test';

// Each test starts a server of its own on an empty folder, so tests share
// nothing and may run side by side.
export default defineConfig({
  testDir: './tests',
  outputDir: './test-results/traces',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json' }]],
  projects: [
    { name: 'scripts', testIgnore: /clerk-.*\.spec\.js/, use: { javaScriptEnabled: true } },
    // Pages are HTML first: what people do must work without any script.
    { name: 'no scripts', testMatch: /(?<!clerk-)(flows|guests|return|two-step)\.spec\.js/, use: { javaScriptEnabled: false } },
    // A trace of such rich pages costs more than the test. Who looks for a
    // fault asks for it: HOUSEKEY_TRACE=retain-on-failure.
    // Somebody else's components move and fade in their own time: they get a
    // second chance, our own pages none.
    { name: 'clerk', testMatch: /clerk-.*\.spec\.js/, retries: 1, use: { trace: process.env.HOUSEKEY_TRACE ?? 'off' } },
  ],
  use: {
    browserName: 'chromium',
    trace: process.env.HOUSEKEY_TRACE ?? 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.HOUSEKEY_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        // Chromium's own sandbox refuses to start as root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
      ],
    },
  },
});
