/** What became of every cell and every detection of an entry, as files: from its outcomes, for public ground truth. */
import { guardFormula, quoteField } from '#lib/csv.ts';
import { ERROR_KINDS, NOT_COUNTED } from '#lib/scoring/error-kinds.ts';
import { IOU_STEPS } from '#lib/scoring/errors-by-kind.ts';
import type { Outcomes } from '#lib/scoring/outcomes.ts';

export const CELL_TABLES = ['objects', 'detections'] as const;
export type CellTable = (typeof CELL_TABLES)[number];

type Value = string | number | null;
interface Column {
  readonly name: string;
  readonly type: 'INT32' | 'DOUBLE' | 'STRING';
  /** of the i-th row, which is on this image */
  readonly of: (i: number, image: number) => Value;
}

/** The kind of an error; null for none, and for objects that do not count. */
const errorOf = (code: number): Value => (code === 0 || code === NOT_COUNTED ? null : ERROR_KINDS[code - 1]);

function bits(mask: number): number {
  let count = 0;
  for (let left = mask; left > 0; left &= left - 1) count++;
  return count;
}

/** Columns of a table, and where the rows of each image begin: one more than there are images. */
function tableOf(outcomes: Outcomes, table: CellTable): { columns: Column[]; starts: Uint32Array } {
  const { fileNames, objectStart, entryStart, bestIou, found, objectKind, score, detection, object, kind } = outcomes;
  const image: Column = { name: 'image', type: 'STRING', of: (_, image) => fileNames[image] };
  if (table === 'objects')
    return {
      starts: objectStart,
      columns: [
        image,
        // among the image's annotations, from 0, as the viewer and /cells/<image> number them
        { name: 'object', type: 'INT32', of: (g, image) => g - objectStart[image] },
        { name: 'counts', type: 'INT32', of: (g) => Number(objectKind[g] !== NOT_COUNTED) },
        { name: 'best_iou', type: 'DOUBLE', of: (g) => bestIou[g] / IOU_STEPS },
        { name: 'thresholds_found', type: 'INT32', of: (g) => bits(found[g]) },
        { name: 'error', type: 'STRING', of: (g) => errorOf(objectKind[g]) },
      ],
    };
  return {
    starts: entryStart,
    columns: [
      image,
      // the n-th record of the file that was read, from 0
      { name: 'record', type: 'INT32', of: (e) => detection[e] },
      { name: 'score', type: 'DOUBLE', of: (e) => (outcomes.unscored ? null : score[e]) },
      // matched at IoU 0.5
      { name: 'object', type: 'INT32', of: (e, image) => (object[e] < 0 ? null : object[e] - objectStart[image]) },
      { name: 'error', type: 'STRING', of: (e) => errorOf(kind[e]) },
    ],
  };
}

/** Yield a CSV (RFC 4180), image by image. */
export function* cellsToCsv(outcomes: Outcomes, table: CellTable): Generator<string> {
  const { columns, starts } = tableOf(outcomes, table);
  yield `${columns.map(({ name }) => name).join(',')}\r\n`;
  for (let image = 0; image + 1 < starts.length; image++) {
    let text = '';
    for (let i = starts[image]; i < starts[image + 1]; i++)
      text += `${columns
        .map(({ of }) => {
          const value = of(i, image);
          return value === null ? '' : typeof value === 'string' ? quoteField(guardFormula(value)) : value;
        })
        .join(',')}\r\n`;
    if (text) yield text;
  }
}

/** Return the same table as Parquet. */
export async function cellsToParquet(outcomes: Outcomes, table: CellTable): Promise<Uint8Array<ArrayBuffer>> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const { columns, starts } = tableOf(outcomes, table);
  const rows = starts[starts.length - 1];
  const data = columns.map(() => new Array<Value>(rows));
  for (let image = 0; image + 1 < starts.length; image++)
    for (let i = starts[image]; i < starts[image + 1]; i++)
      columns.forEach(({ of }, c) => {
        data[c][i] = of(i, image);
      });
  const buffer = parquetWriteBuffer({
    codec: 'UNCOMPRESSED', // any reader has it
    columnData: columns.map(({ name, type }, c) => ({ name, type, data: data[c], nullable: name !== 'image' })),
  });
  return new Uint8Array(buffer);
}
