export const dynamic = 'force-dynamic';

/** The process is alive; it says nothing about the rest. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } });
}
