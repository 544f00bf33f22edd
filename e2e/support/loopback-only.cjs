// Loaded into an example app before anything else: it reaches this machine and no other.

const net = require('node:net');

const LOOPBACK = /^(localhost|127\.[\d.]+|::1|\[::1\])$/;
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function loopbackOnly(...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = typeof options === 'object' ? (options.path ? 'localhost' : options.host ?? 'localhost') : 'localhost';
  if (LOOPBACK.test(host)) return connect.apply(this, given);
  console.error(`asked for another machine: ${host}`);
  process.nextTick(() => this.destroy(new Error(`${host} is out of reach in tests`)));
  return this;
};
