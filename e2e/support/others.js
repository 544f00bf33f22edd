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
  // One more is free every three seconds: whoever comes first has it, which may be who acts.
  const going = setInterval(() => { once().catch(() => {}); }, 500);
  await act();
  clearInterval(going);
  await others.dispose();
}
