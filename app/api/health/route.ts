export const dynamic = 'force-dynamic';

/** Report that the process is alive, and nothing else. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } });
}
