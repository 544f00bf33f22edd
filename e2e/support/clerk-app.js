// An app that was written for Clerk, as small as one can be: Clerk's own
// scripts from their packages, and a page for each component.

import { createReadStream } from 'node:fs';
import { createServer, request } from 'node:http';
import { basename } from 'node:path';

const MODULES = new URL('../node_modules/@clerk/', import.meta.url).pathname;
const COMPONENTS = {
  '/': 'mountUserButton',
  '/sign-in': 'mountSignIn',
  '/sign-up': 'mountSignUp',
  '/profile': 'mountUserProfile',
};

// Starts the app. It has to be there before the server, which lists its
// origin; `connect` then tells it what to call.
export async function clerkApp() {
  const app = { settings: null };
  const http = createServer((ask, answer) => serve(app, ask, answer));
  await new Promise((done) => { http.listen(0, '127.0.0.1', done); });
  app.origin = `http://localhost:${http.address().port}`;
  // The same app by a name of another site than the server's.
  app.foreign = `http://127.0.0.1:${http.address().port}`;
  app.connect = (server, publishableKey) => { app.settings = { server, publishableKey }; };
  app.close = () => new Promise((done) => { http.closeAllConnections(); http.close(done); });
  return app;
}

function serve(app, ask, answer) {
  const url = new URL(ask.url, app.origin);
  const bundle = url.pathname.match(/^\/npm\/(clerk-js|ui)\/([\w.-]+\.js)$/);
  if (bundle) return script(bundle[1], bundle[2], answer);
  if (url.pathname.startsWith('/__clerk/')) return forward(app, ask, answer);
  // The same app, which calls the server itself or by way of `/__clerk`.
  const forwarded = /^\/forwarded(\/|$)/.test(url.pathname);
  const path = forwarded ? url.pathname.slice('/forwarded'.length) : url.pathname;
  const mount = COMPONENTS[path || '/'];
  if (!mount) {
    answer.writeHead(404).end('no such page');
    return undefined;
  }
  const home = forwarded ? '/forwarded/' : '/';
  const proxyUrl = forwarded ? '/__clerk' : app.settings.server.url;
  answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  answer.end(page({ mount, home, proxyUrl, publishableKey: app.settings.publishableKey }));
  return undefined;
}

function script(name, file, answer) {
  const stream = createReadStream(`${MODULES}${name}/dist/${basename(file)}`);
  stream.on('error', () => answer.writeHead(404).end());
  stream.once('open', () => {
    answer.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'max-age=600' });
    stream.pipe(answer);
  });
}

// What an app's own server does for `proxyUrl: "/__clerk"`.
function forward(app, ask, answer) {
  const target = new URL(ask.url.slice('/__clerk'.length), app.settings.server.url);
  const headers = { ...ask.headers, host: target.host };
  const onward = request(target, { method: ask.method, headers }, (told) => {
    answer.writeHead(told.statusCode, told.headers);
    told.pipe(answer);
  });
  onward.on('error', () => answer.writeHead(502).end());
  ask.pipe(onward);
}

function page({ mount, home, proxyUrl, publishableKey }) {
  const at = (path) => JSON.stringify(`${home}${path}`);
  return `<!doctype html>
<html lang="en">
<title>An app</title>
<link rel="icon" href="data:,">
<style>body { font-family: sans-serif; margin: 2rem; background: #f4f4f6 }</style>
<main>
  <p role="status">Loading</p>
  <button id="out" hidden>Sign out everywhere here</button>
  <div id="component"></div>
</main>
<script src="/npm/clerk-js/clerk.browser.js" data-clerk-publishable-key="${publishableKey}" data-clerk-proxy-url="${proxyUrl}"></script>
<script src="/npm/ui/ui.browser.js"></script>
<script>
  const tell = ({ user, session }) => {
    const name = user && (user.fullName || user.primaryEmailAddress?.emailAddress);
    document.querySelector('[role=status]').textContent = user ? 'Signed in as ' + name : 'Signed out';
    document.querySelector('#out').hidden = !user;
  };
  document.querySelector('#out').onclick = () => Clerk.signOut({ redirectUrl: ${at('')} });
  Clerk.load({
    ui: { ClerkUI: window.__internal_ClerkUICtor },
    telemetry: false,
    signInUrl: ${at('sign-in')},
    signUpUrl: ${at('sign-up')},
    signInFallbackRedirectUrl: ${at('')},
    signUpFallbackRedirectUrl: ${at('')},
    afterSignOutUrl: ${at('')},
  }).then(() => {
    Clerk.addListener(tell);
    tell(Clerk);
    if (Clerk.user || ${JSON.stringify(mount)}.startsWith('mountSign')) {
      Clerk.${mount}(document.querySelector('#component'), ${mount === 'mountUserButton' ? `{ userProfileMode: 'navigation', userProfileUrl: ${at('profile')}, showName: false }` : '{}'});
    }
  });
</script>
`;
}
