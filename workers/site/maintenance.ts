/**
 * What the web process is while LIVECELL_MAINTENANCE is set: a server that answers every request with 503, the words of
 * the operator and the time to return. It asks neither the database nor the file store, so both may be away.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { problemPage } from '#lib/http/problem-page.ts';
import { securityHeaders } from '#lib/http/security-headers.ts';
import { SERVER_LIMITS } from './server-limits.ts';

/** After how many seconds programs ask again where no end is known; browsers reload a page as often. */
const AGAIN = 300;
const RELOAD = 60;
const TITLE = 'The site is being worked on';

export interface Maintenance {
  /** what is done, and what readers should know */
  words: string;
  /** when it is expected to end; null: not known */
  until: Date | null;
}

/** Answer a request during maintenance. Probes of the process itself pass, so that nothing restarts it. */
export function answerMaintenance(
  request: IncomingMessage,
  response: ServerResponse,
  { words, until }: Maintenance,
  now = new Date(),
): void {
  const path = (request.url ?? '/').split('?')[0];
  if (path === '/api/health' || path === '/api/ready') {
    // ready as well: a load balancer without any process would show a page of its own
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end('{"status":"maintenance"}');
    return;
  }
  const left = until ? Math.ceil((until.getTime() - now.getTime()) / 1000) : AGAIN;
  const expected = until && left > 0 ? ` It is expected to end ${inWords(until)}.` : '';
  const detail = `${words}${expected} Nothing is lost: uploads that were interrupted go on afterwards.`;
  const forPeople = !path.startsWith('/api/') && String(request.headers.accept ?? '').includes('text/html');
  response.writeHead(503, {
    'content-type': forPeople ? 'text/html; charset=utf-8' : 'application/problem+json',
    'cache-control': 'no-store',
    'retry-after': String(Math.max(RELOAD, left)),
    connection: 'close', // a body that is being sent is not read
    ...Object.fromEntries(securityHeaders(false)),
  });
  const body = forPeople
    ? problemPage({ title: TITLE, detail, reload: request.method === 'GET' ? RELOAD : undefined, next: null })
    : JSON.stringify({ title: TITLE, status: 503, detail });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Return `at 14:30 UTC on 1 December 2026`. */
function inWords(until: Date): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    until.toLocaleString('en-GB', { timeZone: 'UTC', ...options });
  return `at ${format({ hour: '2-digit', minute: '2-digit' })} UTC on ${format({ day: 'numeric', month: 'long', year: 'numeric' })}`;
}

export function createMaintenanceServer(maintenance: Maintenance): Server {
  return createServer(SERVER_LIMITS, (request, response) => answerMaintenance(request, response, maintenance));
}
