import { namedChartResponse } from '#app/_server/chart-response.ts';
import { loadComparison } from '#app/_server/comparison.ts';
import { route } from '#app/_server/http.ts';
import { compareChartQuerySchema } from '#lib/http/api.ts';
import { compareCharts, compareSource } from '../chart-files.ts';

/** A chart of a comparison as a file of its own. */
export const GET = route(
  { query: compareChartQuerySchema },
  async ({ query: { entries, protocol, evaluation, ...asked }, request }) => {
    const ids = [...new Set(entries.split(','))].filter(Boolean);
    const comparison = await loadComparison({ ids, protocol, evaluation });
    return namedChartResponse(compareCharts(comparison), {
      ...{ ...asked, request, source: compareSource(comparison), fileName: 'comparison' },
    });
  },
);
