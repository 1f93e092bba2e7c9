/** A web process for `hostile-bodies.test.ts`: the real front, and handlers that read whole bodies into memory. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Front } from '#workers/site/front.ts';
import { SERVER_LIMITS } from '#workers/site/server-limits.ts';

let peak = 0;
const front = new Front({
  handle: async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.end('read');
  },
  readVersion: async () => 'same',
  origin: null,
  formTargets: [],
});
const server = createServer(SERVER_LIMITS, (request, response) => {
  request.on('error', () => {});
  void front.answer(request, response);
});
console.error = () => {}; // handlers whose sender went away
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 20).unref();
process.on('message', () => process.send!({ peak }));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send!({ port: (server.address() as AddressInfo).port, rss: process.memoryUsage().rss }),
);
