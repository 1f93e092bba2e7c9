/**
 * A web process with the upload endpoint and the API of submissions, and no pages: what is tested for faults, without a
 * build. PORT is its port. `npm run test:faults -- --next` uses the real one.
 */
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

// Next resolves its own parts without their endings
registerHooks({
  resolve: (specifier, context, next) =>
    next(/^next\/[a-z-]+$/.test(specifier) ? `${specifier}.js` : specifier, context),
});
const { handleUpload } = await import('#app/_server/uploads.ts');
const { POST } = await import('#app/api/v1/submissions/route.ts');
const { GET } = await import('#app/api/v1/submissions/[id]/route.ts');
const { GET: ready } = await import('#app/api/ready/route.ts');

async function answer(request: Request, path: string): Promise<Response> {
  const none = { params: Promise.resolve({}) };
  if (path.startsWith('/api/uploads')) return await handleUpload(request);
  if (path === '/api/v1/submissions') return await POST(request, none);
  if (path === '/api/ready') return await ready(request);
  const [, id] = /^\/api\/v1\/submissions\/([^/]+)$/.exec(path) ?? [];
  return id ? await GET(request, { params: Promise.resolve({ id }) }) : new Response(null, { status: 404 });
}

const server = createServer(async (incoming, outgoing) => {
  const leave = new AbortController();
  outgoing.on('close', () => leave.abort());
  const { method = 'GET', url = '/' } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const request = new Request(`http://${incoming.headers.host}${url}`, {
    method,
    headers: incoming.headers as Record<string, string>,
    body: hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : undefined,
    signal: leave.signal,
    duplex: 'half',
  } as RequestInit);
  try {
    const response = await answer(request, new URL(request.url).pathname);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body) Readable.fromWeb(response.body as NodeReadableStream).pipe(outgoing);
    else outgoing.end();
  } catch (error) {
    console.error(error);
    outgoing.destroy();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
