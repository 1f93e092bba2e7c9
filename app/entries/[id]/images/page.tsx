import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { imagesToCompare } from '#app/_server/entry-images.ts';
import { viewer } from '#app/_server/http.ts';
import { lookOf } from '#app/_server/submissions.ts';
import { type EntryImages, imagesOfEntry } from '#db/board/entry-images.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { ERROR_NAMES } from '#lib/charts/series.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType, cellTypeOf, parseCellType } from '#lib/livecell/cell-types.ts';
import { canSeeCells, canViewSubmission } from '#lib/permissions.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import { QualityTable } from './quality.tsx';

interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

const load = cache(async (id: string) => {
  const [submission, who] = await Promise.all([getSubmission(id), viewer()]);
  if (submission?.state !== 'scored' || !canViewSubmission(who, submission)) notFound();
  return { submission, entry: entryOf(submission, lookOf(who, submission)), who };
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { entry } = await load((await params).id);
  return { title: `${entry.method}, image by image`, robots: { index: false } };
}

/** Rows on a page. */
const PAGE = 100;

export default async function EntryImagesPage({ params, searchParams }: Props) {
  const { submission, entry, who } = await load((await params).id);
  const found = await imagesOfEntry(submission);
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/entries/${entry.id}`}>{entry.method}</Link>
        </p>
        <h1>Image by image</h1>
        {typeof found === 'string' && <p className="lead">{found}</p>}
      </header>
      {typeof found !== 'string' && (
        <>
          <QualityTable findings={found.quality} rows={found.rows} />
          {canSeeCells(who, submission) && <CellTables id={entry.id} />}
          <Images id={entry.id} dataset={submission.dataset.name} found={found} params={await searchParams} />
        </>
      )}
    </div>
  );
}

const SORTS = ['AP', 'objects', 'detections', ...ERROR_KINDS, 'difference', 'name'] as const;
type Sort = (typeof SORTS)[number];

interface View {
  sort: Sort;
  descending: boolean;
  type: CellType | null;
  against: string | null;
  from: number;
}

function parseView(params: Awaited<Props['searchParams']>): View {
  const first = (name: string) => [params[name] ?? []].flat()[0];
  const sort = SORTS.find((id) => id === first('sort')) ?? 'AP';
  const from = Number(first('from'));
  return {
    sort,
    descending: first('direction') ? first('direction') === 'desc' : isWorstFirst(sort),
    type: parseCellType(first('type') ?? ''),
    against: first('against') || null,
    from: Number.isSafeInteger(from) && from > 0 ? from : 0,
  };
}

/** Errors are sorted with most first, AP with the lowest first: what went wrong comes on top. */
function isWorstFirst(sort: Sort): boolean {
  return sort !== 'AP' && sort !== 'difference' && sort !== 'name';
}

function hrefOf(id: string, view: View, changes: Partial<View> = {}): string {
  const { sort, descending, type, against, from } = { ...view, ...changes };
  const query = new URLSearchParams();
  if (sort !== 'AP') query.set('sort', sort);
  if (descending !== isWorstFirst(sort)) query.set('direction', descending ? 'desc' : 'asc');
  if (type) query.set('type', type);
  if (against) query.set('against', against);
  if (from > 0) query.set('from', String(from));
  const text = query.toString();
  return `/entries/${id}/images${text ? `?${text}` : ''}`;
}

async function Images({
  id,
  dataset,
  found: { rows },
  params,
}: {
  id: string;
  dataset: string;
  found: EntryImages;
  params: Awaited<Props['searchParams']>;
}) {
  const view = parseView(params);
  const other = view.against ? await imagesToCompare(view.against, rows) : null;
  const difference = ({ image, AP }: ImageRow): number | null => {
    const theirs = other?.rows[image]?.AP;
    return AP === null || typeof theirs !== 'number' ? null : AP - theirs;
  };
  const numberOf = (row: ImageRow): number | null => {
    if (view.sort === 'name') return row.image;
    if (view.sort === 'difference') return difference(row);
    if (view.sort === 'AP' || view.sort === 'objects' || view.sort === 'detections') return row[view.sort];
    return row.errors[view.sort];
  };
  const types = CELL_TYPES.filter((type) => rows.some(({ name }) => cellTypeOf(name) === type));
  const shown = rows
    .filter(({ name }) => !view.type || cellTypeOf(name) === view.type)
    .map((row) => ({ row, by: numberOf(row) }))
    .sort((a, b) => {
      if (a.by === null || b.by === null) return Number(a.by === null) - Number(b.by === null);
      return (view.descending ? b.by - a.by : a.by - b.by) || a.row.image - b.row.image;
    });
  const head = (sort: Sort, name: string, title?: string) => {
    const current = view.sort === sort;
    const descending = current ? !view.descending : isWorstFirst(sort);
    return (
      <th
        key={sort}
        scope="col"
        className={sort === 'name' ? undefined : 'num'}
        aria-sort={current ? (view.descending ? 'descending' : 'ascending') : undefined}
      >
        <Link href={hrefOf(id, view, { sort, descending, from: 0 })} title={title} scroll={false}>
          {name}
          {current && <span aria-hidden="true">{view.descending ? ' ↓' : ' ↑'}</span>}
        </Link>
      </th>
    );
  };
  return (
    <section className="section" id="images">
      <h2>Every image</h2>
      <p className="prose muted">
        AP of the image by itself, in per cent; cells that were not found, by what went wrong, and false outlines, at
        IoU 0.50 and the score of the best F1. A column’s head sorts by it; an image’s name shows it in the viewer. All
        of it as <a href={`/api/v1/submissions/${id}/images?format=csv`}>CSV</a>,{' '}
        <a href={`/api/v1/submissions/${id}/images?format=parquet`}>Parquet</a> or{' '}
        <a href={`/api/v1/submissions/${id}/images`}>JSON</a>.
      </p>
      {view.against && !other && (
        <div className="alert" data-kind="warn">
          <p>The other entry has nothing on the same images to compare with, or is not public.</p>
        </div>
      )}
      <form method="get" action={`/entries/${id}/images#images`} className="inline">
        {view.sort !== 'AP' && <input type="hidden" name="sort" value={view.sort} />}
        {view.against && <input type="hidden" name="against" value={view.against} />}
        <label>
          Cell type{' '}
          <select name="type" defaultValue={view.type ?? ''}>
            <option value="">All</option>
            {types.map((type) => (
              <option key={type} value={type}>
                {CELL_TYPE_NAMES[type]}
              </option>
            ))}
          </select>
        </label>{' '}
        <button type="submit" className="button-small">
          Show
        </button>
      </form>
      <TableFrame label="Every image">
        <table>
          <caption className="visually-hidden">Every image with its AP and its errors</caption>
          <thead>
            <tr>
              {head('name', 'Image')}
              {head('AP', 'AP')}
              {other && head('difference', `Less ${other.method}`, `AP less that of ${other.method}, in points`)}
              {head('objects', 'Cells')}
              {head('detections', 'Outlines')}
              {ERROR_KINDS.map((kind: ErrorKind) => head(kind, ERROR_NAMES[kind]))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(view.from, view.from + PAGE).map(({ row }) => (
              <tr key={row.image}>
                <th scope="row">
                  <Link href={viewerHref(dataset, row, id)} prefetch={false}>
                    {row.name}
                  </Link>
                </th>
                <td className="num" title={exact(row.AP)}>
                  {percent(row.AP, 1)}
                </td>
                {other && <td className="num">{signed(difference(row))}</td>}
                <td className="num">{integer(row.objects)}</td>
                <td className="num">{integer(row.detections)}</td>
                {ERROR_KINDS.map((kind) => (
                  <td key={kind} className="num">
                    {integer(row.errors[kind])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="cluster">
        {view.from > 0 && <Link href={hrefOf(id, view, { from: Math.max(0, view.from - PAGE) })}>Previous</Link>}
        <span className="muted">
          {integer(Math.min(view.from + 1, shown.length))} to {integer(Math.min(view.from + PAGE, shown.length))} of{' '}
          {integer(shown.length)}
        </span>
        {view.from + PAGE < shown.length && <Link href={hrefOf(id, view, { from: view.from + PAGE })}>Next</Link>}
      </p>
    </section>
  );
}

/** The image in the viewer, with the entry's cells where they may be seen. */
function viewerHref(dataset: string, { name }: ImageRow, id: string): string {
  return `/datasets/${encodeURIComponent(dataset)}/viewer?${new URLSearchParams({ image: name, a: id })}`;
}

function signed(value: number | null): string {
  if (value === null) return '–';
  return `${value < 0 ? '−' : '+'}${(100 * Math.abs(value)).toFixed(1)}`;
}

/** Where the tables of single cells are to be had. */
function CellTables({ id }: { id: string }) {
  const href = (table: string, format: string) =>
    `/api/v1/submissions/${id}/cells?${new URLSearchParams({ table, format })}`;
  return (
    <p className="prose muted">
      Single cells: what became of each annotated one as <a href={href('objects', 'csv')}>CSV</a> or{' '}
      <a href={href('objects', 'parquet')}>Parquet</a>, and of each predicted one as{' '}
      <a href={href('detections', 'csv')}>CSV</a> or <a href={href('detections', 'parquet')}>Parquet</a>.
    </p>
  );
}
