/**
 * The attack: bodies of any size to every address, hundreds at once, some of them never finished. No handler may see a
 * body that it would not take, and the memory of the web process stays within bounds.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routeFiles } from '#tests/app-files.ts';
import { Front } from '#workers/site/front.ts';
import { BODY_TIME, MOST_BODIES, MOST_BODY_BYTES } from '#workers/site/gate.ts';
import { SERVER_LIMITS } from '#workers/site/server-limits.ts';

/** An address of every page and route; `x` stands for whatever an address names. */
const ADDRESSES = [
  ...new Set(
    routeFiles().map((file) => {
      const parts = file.split('/').slice(1, -1);
      const path = parts.filter((part) => !part.startsWith('(')).map((part) => part.replace(/^\[+.*\]+$/, 'x'));
      return `/${path.join('/')}`;
    }),
  ),
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Send the head of a request, and nothing of its body; return the status that is answered. */
async function begin(port: number, head: readonly string[]): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`${head.join('\r\n')}\r\nHost: localhost\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(answer.toString('latin1').split(' ')[1]);
}

describe('every page, route and action', () => {
  let server: Server;
  let port: number;
  const reached: string[] = [];
  beforeAll(async () => {
    const front = new Front({
      handle: async (request, response) => {
        reached.push(`${request.method} ${request.url}`);
        response.end();
      },
      readVersion: async () => 'same',
      origin: null,
      formTargets: [],
    });
    server = createServer((request, response) => void front.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('are found', () => {
    expect(ADDRESSES.length).toBeGreaterThan(50);
    expect(ADDRESSES).toEqual(expect.arrayContaining(['/', '/api/v1/submissions', '/account', '/api/auth/x']));
  });

  test.each([
    ['announced as 300 MB', 'Content-Length: 300000000', 413],
    ['one byte too large', `Content-Length: ${MOST_BODY_BYTES + 1}`, 413],
    ['of unknown size', 'Transfer-Encoding: chunked', 411],
  ])('refuse a body %s before a byte of it is sent', async (_what, header, status) => {
    reached.length = 0;
    const requests = ADDRESSES.filter((path) => !path.startsWith('/api/uploads')).flatMap((path) =>
      METHODS.map((method) => ({ path, method })),
    );
    for (const { path, method } of requests) {
      // a server action of a page is called with this header
      const answered = await begin(port, [`${method} ${path} HTTP/1.1`, header, 'Next-Action: 40abc']);
      expect([method, path, answered]).toEqual([method, path, status]);
    }
    expect(reached).toEqual([]);
  });

  test('leave large bodies to uploads, which write them to the disk', async () => {
    expect(await begin(port, ['PATCH /api/uploads/x HTTP/1.1', 'Content-Length: 300000000'])).toBe(200);
  });
});

describe('300 hostile bodies at once', { timeout: 240_000 }, () => {
  test('cost the web process little memory, and the others are answered', async () => {
    const child = fork(fileURLToPath(new URL('./hostile-front.ts', import.meta.url)), { silent: true });
    const [{ port, rss }] = (await once(child, 'message')) as [{ port: number; rss: number }];
    const filler = Buffer.alloc(MOST_BODY_BYTES - 2, '[');
    const sockets: Socket[] = [];
    const send = (head: string, body: Buffer | null): void => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      sockets.push(socket);
      socket.write(`POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`);
      if (body) socket.write(body);
      socket.resume();
    };
    for (let i = 0; i < 100; i++) {
      send('Content-Length: 300000000', Buffer.alloc(1 << 20, '['));
      send('Transfer-Encoding: chunked', Buffer.from(`100000\r\n${'['.repeat(1 << 20)}`));
      send(`Content-Length: ${MOST_BODY_BYTES}`, filler); // all but two bytes, and then nothing
    }
    try {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // somebody else reads; they come from the same address here, so nothing more is sent
      expect((await fetch(`http://127.0.0.1:${port}/account`, { method: 'HEAD' })).status).toBeLessThan(500);
      child.send('peak');
      const [{ peak }] = (await once(child, 'message')) as [{ peak: number }];
      // all bodies in flight, once as received and once joined, and what Node keeps of sockets
      const bound = 2 * MOST_BODIES.process * MOST_BODY_BYTES + 64 * 1024 ** 2;
      expect(peak - rss).toBeLessThan(bound);
    } finally {
      for (const socket of sockets) socket.destroy();
      child.disconnect();
      await once(child, 'exit');
    }
  });

  test('are few for each sender, and each is given up after a while', async () => {
    expect(MOST_BODIES.sender * 8).toBeLessThanOrEqual(MOST_BODIES.process);
    expect(BODY_TIME).toBeLessThan(SERVER_LIMITS.requestTimeout);
    let waiting = 0;
    const front = new Front({
      handle: async (request, response) => {
        waiting++;
        for await (const _ of request);
        response.end('read');
      },
      readVersion: async () => 'same',
      origin: null,
      formTargets: [],
    });
    const server = createServer((request, response) => void front.answer(request, response).catch(() => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const open = Array.from({ length: MOST_BODIES.sender }, () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write('POST /account HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n');
      return socket;
    });
    try {
      await expect.poll(() => waiting).toBe(MOST_BODIES.sender);
      const body = { method: 'POST', body: '0123456789' };
      const refused = await fetch(`http://127.0.0.1:${port}/account`, body);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
      for (const socket of open) socket.end('0123456789');
      await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/account`, body)).status).toBe(200);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
