import { problem } from '#app/_server/http.ts';
import { mayMonitor } from '#app/_server/monitoring.ts';
import { metricsText } from '#db/operations/site-metrics.ts';
import { AppError } from '#lib/errors.ts';

export const dynamic = 'force-dynamic';

/** Return this web process's metrics, and those of the site, as Prometheus text. docs/operations.md lists the names. */
export async function GET(request: Request): Promise<Response> {
  try {
    if (!mayMonitor(request.headers))
      throw new AppError(
        'unauthorized',
        'Metrics take the token of the operator: Authorization: Bearer <METRICS_TOKEN>.',
      );
    const { text, type } = await metricsText('web');
    return new Response(text, { headers: { 'content-type': type, 'cache-control': 'no-store' } });
  } catch (error) {
    return problem(error);
  }
}
