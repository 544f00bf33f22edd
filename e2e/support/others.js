// What others do behind the same address.

// Uses up what this address may do without a challenge, and keeps it used up while `act` goes on, however slow that is.
export async function whileOthersTry(playwright, server, act) {
  const others = await playwright.request.newContext({ baseURL: server.url, ignoreHTTPSErrors: true });
  const shown = await others.get('/sign-in');
  const [, csrf] = (await shown.text()).match(/name="csrf" value="([^"]+)"/);
  const once = () => others.post('/sign-in', {
    form: { csrf, email: 'nobody@example.com', return_to: '' },
    headers: { origin: server.url },
    maxRedirects: 0,
  });
  await Promise.all(Array.from({ length: 25 }, once));
  const going = setInterval(() => { once().catch(() => {}); }, 1_000);
  await act();
  clearInterval(going);
  await others.dispose();
}
