// A provider of challenges that is not there: its address for servers on this
// machine, and its script and frame routed in the browser.

import { createServer } from 'node:http';

export const SITE_KEY = '0x4AAAAAAA-site';
const HOSTS = /^https:\/\/(challenges\.cloudflare\.com|js\.hcaptcha\.com|www\.google\.com\/recaptcha)\//;

// What the provider's script does as far as a page sees it: it shows a frame of its own and, for somebody who answers,
// calls back with a token. `interaction-only` is for those whom it is sure of.
const SCRIPT = `
  const widgets = {
    ready: (go) => go(),
    remove: () => {},
    reset: () => {},
    render: (place, options) => {
      const at = typeof place === 'string' ? document.querySelector(place) : place;
      const frame = document.createElement('iframe');
      frame.src = 'https://challenges.cloudflare.com/frame';
      frame.title = 'A check';
      frame.width = 300;
      frame.height = 65;
      at.append(frame);
      const worth = { action: options.action, hostname: location.hostname, once: Math.random() };
      const answered = () => options.callback('tok.' + btoa(JSON.stringify(worth)));
      if (options.appearance === 'interaction-only') setTimeout(answered, 50);
      else addEventListener('message', ({ data }) => { if (data === 'answered') answered(); });
      return 'widget';
    },
  };
  globalThis.turnstile = globalThis.hcaptcha = globalThis.grecaptcha = widgets;
  const onload = new URL(document.currentScript.src).searchParams.get('onload');
  if (onload) setTimeout(() => globalThis[onload](), 0);
`;
const FRAME = '<body style="margin:0"><button onclick="parent.postMessage(\'answered\', \'*\')">I am a person</button>';

export class Provider {
  static async start() {
    const provider = new Provider();
    provider.asked = [];
    provider.down = false;
    provider.server = createServer((request, response) => provider.answer(request, response));
    await new Promise((resolve) => { provider.server.listen(0, '127.0.0.1', resolve); });
    provider.url = `http://127.0.0.1:${provider.server.address().port}/siteverify`;
    return provider;
  }

  async answer(request, response) {
    let body = '';
    for await (const piece of request) body += piece;
    const token = new URLSearchParams(body).get('response');
    this.asked.push(token);
    if (this.down) {
      response.writeHead(503).end();
      return;
    }
    const { action, hostname } = token.startsWith('tok.') ? JSON.parse(atob(token.slice(4))) : {};
    const worth = hostname
      ? { success: true, action: action ?? '', hostname, challenge_ts: new Date().toISOString() }
      : { success: false, 'error-codes': ['invalid-input-response'] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(worth));
  }

  // The lines of a housekey.toml.
  config(more = '') {
    return `[bot_protection]\ncaptcha = "turnstile"\ncaptcha_site_key = "${SITE_KEY}"\n`
      + `captcha_secret_key = "0x4AAAAAAA-secret"\ncaptcha_verify_url = "${this.url}"\n${more}`;
  }

  // Puts its script in front of a browser; without `reachable` it cannot be loaded.
  async route(context, { reachable = true } = {}) {
    await context.route(HOSTS, (route) => {
      if (!reachable) return route.abort();
      const frame = new URL(route.request().url()).pathname === '/frame';
      const as = frame ? { contentType: 'text/html', body: FRAME } : { contentType: 'text/javascript', body: SCRIPT };
      return route.fulfill(as);
    });
  }

  async stop() {
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
