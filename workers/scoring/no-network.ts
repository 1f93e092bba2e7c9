/**
 * Loaded into the scoring child and each of its threads before anything else: no code there opens a connection or looks
 * up a name. A second line only, since it is JavaScript against JavaScript; the first is the system's (`pool.ts`, and
 * the unit in docs/threat-model.md).
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

function refuse(): never {
  throw Object.assign(new Error('Scoring has no network.'), { code: 'ERR_ACCESS_DENIED' });
}

for (const [owner, names] of [
  [net.Socket.prototype, ['connect']],
  [net.Server.prototype, ['listen']],
  [dgram.Socket.prototype, ['bind', 'connect', 'send']],
  [dns, Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name))],
  [dns.promises, Object.keys(dns.promises).filter((name) => /^(lookup|resolve|reverse)/.test(name))],
] as [object, string[]][])
  for (const name of names) Object.defineProperty(owner, name, { value: refuse, writable: false, configurable: false });
syncBuiltinESMExports();
