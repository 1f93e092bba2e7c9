/**
 * The attack: bodies without end, bombs in their first bytes, pieces that do not fit, requests that never finish. Each
 * must cost the web process next to nothing.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { NextRequest } from 'next/server';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { POST as auth } from '#app/api/auth/[...nextauth]/route.ts';
import { POST as submit } from '#app/api/v1/submissions/route.ts';
import { POST as signIn } from '#app/sign-in/local/route.ts';
import { getUpload } from '#db/submissions/uploads.ts';
import { sniff } from '#lib/readers/kinds.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { SERVER_LIMITS } from '#workers/site/server-limits.ts';

// what Auth.js does with a body: it reads all of it
vi.mock('#app/_server/auth.ts', () => {
  const POST = async (request: Request) => new Response(String((await request.text()).length));
  return { handlers: { GET: POST, POST } };
});

openSite();

let mallory: Person;
beforeAll(async () => {
  mallory = await person('mallory');
});

/** A body that never ends, and how much of it was asked for. */
function endless() {
  const chunk = new Uint8Array(64 * 1024).fill(97);
  const taken = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken.bytes += chunk.length;
        if (taken.bytes > 300_000_000) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const context = (params: Record<string, string> = {}) => ({ params: Promise.resolve(params) });

describe('a body of 300 MB', () => {
  const ways: [string, number, (body: BodyInit, headers?: Record<string, string>) => Promise<Response>][] = [
    [
      'to the sign-in through a service',
      16,
      (body, headers) =>
        auth(
          new NextRequest('http://site/api/auth/signin/github', {
            method: 'POST',
            body,
            headers: { ...FORM, ...headers },
            duplex: 'half',
          } as never),
        ),
    ],
    [
      'to the sign-in at home',
      16,
      (body, headers) => {
        process.env.LIVECELL_LOCAL_SIGN_IN = '1';
        process.env.HOST = '127.0.0.1';
        const all = { host: 'localhost', origin: 'http://localhost', ...FORM, ...headers };
        return signIn(
          new Request('http://localhost/sign-in/local', {
            method: 'POST',
            body,
            headers: all,
            duplex: 'half',
          } as RequestInit),
        );
      },
    ],
    [
      'to the API, with a token',
      256,
      (body, headers) =>
        submit(
          new Request('http://site/api/v1/submissions', {
            method: 'POST',
            body,
            headers: { ...mallory.bearer, ...headers },
            duplex: 'half',
          } as RequestInit),
          context(),
        ),
    ],
  ];

  test.each(ways)('%s is refused after %i KB', async (_where, kilobytes, send) => {
    const { stream, taken } = endless();
    const response = await send(stream);
    expect(response.status).toBe(413);
    expect(taken.bytes).toBeLessThanOrEqual((kilobytes + 64) * 1024);
  });

  test.each(ways)('%s that is announced is refused before it is read', async (_where, _kilobytes, send) => {
    const { stream, taken } = endless();
    expect((await send(stream, { 'content-length': '300000000' })).status).toBe(413);
    expect(taken.bytes).toBe(0);
  });

  test('without a token is not read at all', async () => {
    const { stream, taken } = endless();
    const request = new Request('http://site/api/v1/submissions', {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect((await submit(request, context())).status).toBe(401);
    expect(taken.bytes).toBe(0);
  });
});

describe('a gzip bomb at the beginning of an upload', () => {
  const bomb = gzipSync(Buffer.alloc(66_000_000, 32), { level: 9 });

  test('is looked at for as long as an honest file', async () => {
    expect(bomb.length).toBeGreaterThan(60_000);
    expect(bomb.length).toBeLessThan(70_000);
    await sniff(bomb); // compiled
    const from = performance.now();
    for (let i = 0; i < 100; i++) await sniff(bomb.subarray(0, 64 * 1024));
    // unpacked whole, one look took 871 ms
    expect((performance.now() - from) / 100).toBeLessThan(20);
  });

  test('still is recognised for what it is', async () => {
    expect((await sniff(bomb)).problem?.message).toMatch(/blank space/);
  });
});

function upload(method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<Response> {
  const all = { 'tus-resumable': '1.0.0', ...mallory.bearer, ...headers };
  return handleUpload(new Request(`http://site${path}`, { method, headers: all, body, duplex: 'half' } as RequestInit));
}

async function begin(bytes: number): Promise<string> {
  return (await upload('POST', '/api/uploads', { 'upload-length': String(bytes) })).headers.get('location')!;
}

describe('a piece that does not fit', () => {
  const PIECE = { 'content-type': 'application/offset+octet-stream' };

  test('is refused before a byte of it is read: the upload is complete', async () => {
    const url = await begin(2);
    expect((await upload('PATCH', url, { ...PIECE, 'upload-offset': '0' }, '[]')).status).toBe(204);
    const { stream, taken } = endless();
    const again = await upload('PATCH', url, { ...PIECE, 'upload-offset': '0' }, stream);
    expect([again.status, taken.bytes]).toEqual([409, 0]);
  });

  test.each(['1', '4000', '-1', 'NaN', '1e9', ''])(
    'is refused before a byte of it is read: offset “%s”',
    async (offset) => {
      const url = await begin(1_000_000);
      const { stream, taken } = endless();
      const response = await upload('PATCH', url, { ...PIECE, 'upload-offset': offset }, stream);
      expect([400, 409].includes(response.status) || offset === '').toBe(true);
      if (offset !== '') expect(taken.bytes).toBe(0);
    },
  );

  test('of one upload cannot be sent in the name of another: the query is no part of the id', async () => {
    const [mine, other] = [await begin(100), await begin(100)];
    const victim = other.split('/').at(-1)!;
    const response = await upload('PATCH', `${mine}?/${victim}`, { ...PIECE, 'upload-offset': '0' }, '[{"image_id":');
    expect(response.status).toBe(204);
    const head = await upload('HEAD', other, {});
    expect(head.headers.get('upload-offset')).toBe('0');
    expect((await upload('HEAD', mine, {})).headers.get('upload-offset')).toBe('13');
    expect(await getUpload(victim)).toMatchObject({ completedAt: null });
  });

  test('no other site’s page may send one', async () => {
    const response = await upload('OPTIONS', '/api/uploads', { origin: 'https://evil.example' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('requests that are never finished are closed, and the others go on being answered', {
  timeout: 240_000,
}, async () => {
  const server = createServer(SERVER_LIMITS, (_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const slow = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    const closed = slow.map((socket) => once(socket.resume(), 'close'));
    for (const socket of slow) socket.write('POST / HTTP/1.1\r\nHost: x\r\nX-');
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('ok');
    await Promise.all(closed);
  } finally {
    server.close();
  }
});
