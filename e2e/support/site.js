// Other people's sites: an app on an origin of its own, and one it leads to.

import { createServer } from 'node:http';

export async function site(answer) {
  const server = createServer(answer);
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}
