import { z } from 'zod';
import { errataOf } from '#app/_server/errata.ts';
import { route } from '#app/_server/http.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';

/** The errata of a data set as a table. */
export const GET = route({ params: z.object({ name: z.string() }) }, async ({ params }) => {
  const { errata } = await errataOf(params.name);
  const head = ['image', 'kind', 'cell', 'x', 'y', 'width', 'height', 'agreement', 'annotation_iou', 'entries'];
  const lines = [
    [...head, 'note', 'confirmed_at', 'ground_truth', 'current'],
    ...errata.map(({ image, kind, cell, box, agreement, annotationIou, entries, note, ...rest }) => [
      ...[guardFormula(image), kind, cell, ...box, agreement, annotationIou, entries, guardFormula(note)],
      ...[rest.confirmedAt, rest.groundTruth, rest.current],
    ]),
  ].map((row) => row.map((field) => quoteField(typeof field === 'boolean' ? String(field) : (field ?? ''))).join(','));
  return new Response(`${lines.join('\r\n')}\r\n`, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="errata.csv"',
      'cache-control': 'no-store',
    },
  });
});
