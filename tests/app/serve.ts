/** Serve the routes of `app/` on a free port, for clients that are programs of their own: no pages, and no build. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { routeFiles } from '#tests/app-files.ts';

const ROOT = join(import.meta.dirname, '..', '..');

type Handler = (request: Request, context: { params: Promise<Record<string, unknown>> }) => Promise<Response>;

interface Served {
  file: string;
  pattern: RegExp;
  names: { name: string; rest: boolean }[];
}

/** As Next reads addresses from the names of folders; fixed names come before those in brackets. */
const ROUTES: Served[] = routeFiles(/^route\.tsx?$/)
  .map((file): Served => {
    const names: Served['names'] = [];
    const parts = file.split('/').slice(1, -1);
    const pattern = parts.map((part) => {
      const [, rest, name] = /^\[{1,2}(\.\.\.)?(\w+)\]{1,2}$/.exec(part) ?? [];
      if (!name) return `/${part.replaceAll('.', '\\.')}`;
      names.push({ name, rest: Boolean(rest) });
      return rest ? '(?:/(.+))?' : '/([^/]+)';
    });
    return { file, pattern: new RegExp(`^${pattern.join('')}$`), names };
  })
  .sort((a, b) => a.names.length - b.names.length);

export async function serveRoutes(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(asked.url ?? '/', `http://${asked.headers.host}`);
  const method = asked.method ?? 'GET';
  for (const { file, pattern, names } of ROUTES) {
    const found = pattern.exec(url.pathname);
    if (!found) continue;
    const module = (await import(/* @vite-ignore */ join(ROOT, file))) as Record<string, Handler>;
    const handler = module[method] ?? (method === 'HEAD' ? module.GET : undefined);
    if (!handler) break;
    const params = Object.fromEntries(
      names.map(({ name, rest }, i) => {
        const text = found[i + 1];
        if (rest) return [name, text?.split('/').map(decodeURIComponent)];
        return [name, decodeURIComponent(text)];
      }),
    );
    const headers = new Headers();
    for (const [name, value] of Object.entries(asked.headers))
      for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
    const body = ['GET', 'HEAD'].includes(method) ? null : (Readable.toWeb(asked) as unknown as BodyInit);
    const request = new Request(url, { method, headers, body, duplex: 'half' } as RequestInit);
    const answered = await handler(request, { params: Promise.resolve(params) });
    response.statusCode = answered.status;
    for (const [name, value] of answered.headers) response.appendHeader(name, value);
    if (!answered.body) response.end();
    else await pipeline(Readable.fromWeb(answered.body as unknown as ReadableStream), response).catch(() => {});
    return;
  }
  response.statusCode = 404;
  response.end('There is no such address.');
}
