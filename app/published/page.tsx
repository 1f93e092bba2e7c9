import type { Metadata } from 'next';
import Link from 'next/link';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { listPublishedNumbers } from '#db/datasets/ledger.ts';
import { integer } from '#lib/format.ts';
import type { LedgerRow } from '#lib/published/ledger.ts';
import './published.css';

export const metadata: Metadata = {
  title: 'Published numbers',
  description:
    'Numbers that papers and repositories report for LIVECell, each with its family, split, protocol and source.',
};

interface Props {
  searchParams: Promise<{ family?: string | string[]; comparable?: string | string[]; q?: string | string[] }>;
}

const FAMILIES: Readonly<Record<string, string>> = {
  'coco-ap': 'COCO AP',
  msa: 'mSA, SA',
  f1: 'F1',
  ctc: 'Cell Tracking Challenge',
  pq: 'PQ',
  other: 'others',
};

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value) ?? '';

export default async function PublishedPage({ searchParams }: Props) {
  const { family, comparable, q } = await searchParams;
  const all = await listPublishedNumbers();
  const chosen = { family: one(family), comparable: one(comparable), q: one(q).trim() };
  const rows = all.filter((row) => matches(row, chosen));
  return (
    <div className="page">
      <header className="page-head">
        <h1>Published numbers</h1>
        <p className="lead">
          {integer(all.length)} numbers that papers and repositories report for LIVECell, under many names. Most cannot
          be compared with each other or with the leaderboard; each says why. None is ranked.
        </p>
      </header>
      <form method="get" className="cluster ledger-choices">
        <label>
          Family{' '}
          <select name="family" defaultValue={chosen.family}>
            <option value="">all</option>
            {Object.entries(FAMILIES).map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Comparable{' '}
          <select name="comparable" defaultValue={chosen.comparable}>
            <option value="">all</option>
            <option value="yes">yes</option>
            <option value="no">no</option>
          </select>
        </label>
        <label>
          Method <input name="q" type="search" defaultValue={chosen.q} />
        </label>
        <button type="submit" className="button">
          Show
        </button>
        <a href="/published/table.csv">All as CSV</a>
        <Link href="/charts/livecell-wide/progress">Beside entries over time</Link>
      </form>
      <p>
        {rows.length === all.length ? 'All numbers' : `${integer(rows.length)} of ${integer(all.length)} numbers`}, as
        their sources write them. What is yours called? <Link href="/docs/my-number">Name a number</Link>.
      </p>
      {rows.length === 0 ? (
        <p className="note">
          No number matches. <Link href="/published">Show all</Link>.
        </p>
      ) : (
        <TableFrame label="Published numbers, scrolls sideways">
          <table className="ledger">
            <caption className="visually-hidden">Published numbers with family, split, protocol and source</caption>
            <thead>
              <tr>
                <th scope="col">Method</th>
                <th scope="col">Year</th>
                <th scope="col">Number</th>
                <th scope="col" className="num">
                  Value
                </th>
                <th scope="col">Images</th>
                <th scope="col">Comparable</th>
                <th scope="col">Protocol and source</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, k) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same number may be listed from two sources
                <Row key={k} row={row} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </div>
  );
}

function Row({
  row: { method, year, metric, value, split, protocol, source, family, beside, because },
}: {
  row: LedgerRow;
}) {
  return (
    <tr>
      <th scope="row">{method}</th>
      <td>{year}</td>
      <td>
        {metric}
        <br />
        <span className="muted">{family ? FAMILIES[family] : 'no family'}</span>
      </td>
      <td className="num">{value}</td>
      <td>{split}</td>
      <td className="because">
        <strong>{beside ? 'Yes' : 'No'}</strong>, because {because}.
        {beside && (
          <>
            {' '}
            Beside <code>{beside}</code>.
          </>
        )}
      </td>
      <td className="source">
        {protocol}
        <br />
        <span className="muted">{source}</span>
      </td>
    </tr>
  );
}

function matches(
  row: LedgerRow,
  { family, comparable, q }: { family: string; comparable: string; q: string },
): boolean {
  if (family && (row.family ?? 'other') !== family) return false;
  if (comparable && (row.beside !== null) !== (comparable === 'yes')) return false;
  return row.method.toLowerCase().includes(q.toLowerCase());
}
