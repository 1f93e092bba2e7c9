/** What an entry did on each image, as files. */
import { guardFormula, quoteField } from '#lib/csv.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';

/** With the seconds that the image took, if the submission says. */
type Row = ImageRow & { seconds?: number };

const areTimed = (rows: readonly Row[]): boolean => rows.some(({ seconds }) => seconds !== undefined);

/** Return a line per image as CSV (RFC 4180), with every digit. */
export function imagesToCsv(rows: readonly Row[]): string {
  const timed = areTimed(rows);
  const lines = [
    ['image', 'AP', 'objects', 'detections', 'all detections', ...ERROR_KINDS, ...(timed ? ['seconds'] : [])],
    ...rows.map(({ name, AP, objects, detections, allDetections, errors, seconds }) => [
      ...[guardFormula(name), AP, objects, detections, allDetections],
      ...ERROR_KINDS.map((kind) => errors[kind]),
      ...(timed ? [seconds] : []),
    ]),
  ].map((row) => row.map((field) => quoteField(field ?? '')).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

/** Return the same as Parquet: counts as integers, null where an image has no AP. */
export async function imagesToParquet(rows: readonly Row[]): Promise<Uint8Array<ArrayBuffer>> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const count = (name: string, of: (row: Row) => number | null | undefined) => ({
    name,
    data: rows.map((row) => of(row) ?? null),
    type: 'INT32' as const,
    nullable: true,
  });
  const buffer = parquetWriteBuffer({
    codec: 'UNCOMPRESSED', // any reader has it
    columnData: [
      { name: 'image', data: rows.map(({ name }) => name), type: 'STRING' as const },
      { name: 'AP', data: rows.map(({ AP }) => AP), type: 'DOUBLE' as const, nullable: true },
      count('objects', ({ objects }) => objects),
      count('detections', ({ detections }) => detections),
      count('all_detections', ({ allDetections }) => allDetections),
      ...ERROR_KINDS.map((kind) => count(kind, ({ errors }) => errors[kind])),
      ...(areTimed(rows)
        ? [
            {
              name: 'seconds',
              data: rows.map(({ seconds }) => seconds ?? null),
              type: 'DOUBLE' as const,
              nullable: true,
            },
          ]
        : []),
    ],
  });
  return new Uint8Array(buffer);
}
