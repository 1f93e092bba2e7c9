/** The rows of a board as plain data, packed for the way from the server to the component that draws them. */
import type { Column } from '#lib/tasks/columns.ts';

export interface ShownColumn {
  key: string;
  format: Column['format'];
  sorted?: true;
}

export interface ShownRow {
  id: string;
  /** of an entry: `2`, or its range `1–3` */
  rank?: string;
  /** the rank by the number alone, where the other is a range */
  place?: number;
  /** a rule above: a tier begins */
  tier?: true;
  method: string;
  /** [text, kind of badge, explanation] */
  marks?: (readonly [text: string, kind?: string, title?: string])[];
  submitter?: string;
  /** method's page and version */
  version?: readonly [methodId: string, version: number];
  /** `2026-11-30` */
  date?: string;
  paper?: string;
  code?: string;
  /** of a published result: its address or words, and the letter of its note */
  source?: string;
  note?: string;
  runs?: number;
  /** place among the methods that the charts draw */
  series?: number;
  /** null: nothing to average; undefined is sent as '' */
  values: (number | null | '')[];
  intervals?: (readonly [number, number] | 0)[];
  /** [number, low, high] on the axis, 0 to 100 */
  dot?: readonly number[];
  /** in per cent, of each cell type; null without a number */
  strip?: (number | null)[];
}

/** Rows by column: the name of a property is sent once instead of once per row. */
export type PackedRows = { [Key in keyof ShownRow]?: (ShownRow[Key] | null)[] };

export function packRows(rows: readonly ShownRow[]): PackedRows {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))] as (keyof ShownRow)[];
  return Object.fromEntries(keys.map((key) => [key, rows.map((row) => row[key] ?? null)]));
}

export function unpackRows({ id = [], method = [], values = [], ...others }: PackedRows): ShownRow[] {
  const columns = Object.entries(others) as [string, unknown[]][];
  return id.map((one, i) => ({
    id: one ?? '',
    method: method[i] ?? '',
    values: values[i] ?? [],
    ...Object.fromEntries(columns.flatMap(([key, of]) => (of[i] === null ? [] : [[key, of[i]]]))),
  }));
}
