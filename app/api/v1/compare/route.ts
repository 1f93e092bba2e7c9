import { loadComparison } from '#app/_server/comparison.ts';
import { route } from '#app/_server/http.ts';
import { comparisonRows } from '#lib/board/comparison.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';
import { compareQuerySchema } from '#lib/http/api.ts';

export const GET = route({ query: compareQuerySchema }, async ({ query }) => {
  const ids = [...new Set(query.entries.split(','))].filter(Boolean);
  const { images: _, ...comparison } = await loadComparison({ ...query, ids });
  if (query.format === 'json') return comparison;
  const lines = comparisonRows(comparison, comparison.cells).map((row) =>
    row.map((field) => quoteField(typeof field === 'string' ? guardFormula(field) : (field ?? ''))).join(','),
  );
  return new Response(`${lines.join('\r\n')}\r\n`, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="comparison.csv"',
      'cache-control': 'no-store',
    },
  });
});
