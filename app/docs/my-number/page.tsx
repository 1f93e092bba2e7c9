import type { Metadata } from 'next';
import Link from 'next/link';
import { DataTable } from '#app/_components/data-table.tsx';
import { getLeaderboard } from '#db/board/board.ts';
import { listReports } from '#db/board/reports.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import {
  type KnownOfNumber,
  METRICS,
  nameNumber,
  readNumberText,
  SPLITS,
  THRESHOLDS,
  TOOLS,
  TRUTHS,
} from '#lib/published/my-number.ts';
import { spreadOf, type VariantSpread } from '#lib/published/spread.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';

export const metadata: Metadata = {
  title: 'What is my number?',
  description: 'Six families of numbers are reported for LIVECell, several under one name. Find the name of yours.',
};

const CHOICES = { tool: TOOLS, metric: METRICS, threshold: THRESHOLDS, truth: TRUTHS, split: SPLITS } as const;
type Choice = keyof typeof CHOICES;
const LABELS: Readonly<Record<Choice, string>> = {
  tool: 'Computed by',
  metric: 'Metric',
  threshold: 'IoU threshold',
  truth: 'Against',
  split: 'On',
};

type Query = Partial<Record<Choice | 'text', string | string[]>>;

/** What the text says, and what was chosen beside it. */
function known(query: Query): KnownOfNumber | null {
  const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)?.trim() ?? '';
  const text = one(query.text).slice(0, 300);
  const chosen = Object.fromEntries(
    (Object.keys(CHOICES) as Choice[]).flatMap((key) => {
      const value = one(query[key]);
      return Object.hasOwn(CHOICES[key], value) ? [[key, value]] : [];
    }),
  ) as KnownOfNumber;
  if (text === '' && Object.keys(chosen).length === 0) return null;
  return { ...readNumberText(text), ...chosen };
}

/** How far the variants lie apart for the best entries of the main board. */
async function spreadHere(): Promise<VariantSpread[]> {
  const task = DEFAULT_TASK.id;
  const { dataset, rows } = await getLeaderboard({ task, protocol: PRIMARY_PROTOCOL, evaluation: 'segm' });
  if (!dataset) return [];
  const ids = rows.flatMap(({ kind, id }) => (kind === 'entry' ? [id] : [])).slice(0, 50);
  const reports = await listReports(ids, { dataset, protocol: PRIMARY_PROTOCOL });
  return spreadOf([...reports.values()].flatMap(({ families }) => families ?? []));
}

export default async function MyNumberPage({ searchParams }: { searchParams: Promise<Query> }) {
  const query = await searchParams;
  const number = known(query);
  const spread = await spreadHere();
  const text = typeof query.text === 'string' ? query.text : '';
  return (
    <div className="page">
      <header className="page-head">
        <h1>What is my number?</h1>
        <p className="lead">
          Six families of numbers are reported for LIVECell, several of them as “AP”. Say what you know of a number, and
          read what it is called, what it may stand beside, and where it misleads.
        </p>
      </header>
      <form method="get" className="stack">
        <p className="field">
          <label htmlFor="text">The number, in words</label>
          <input id="text" name="text" defaultValue={text} maxLength={300} placeholder="mAP 0.5 from Cellpose" />
        </p>
        <div className="cluster">
          {(Object.keys(CHOICES) as Choice[]).map((key) => (
            <p className="field" key={key}>
              <label htmlFor={key}>{LABELS[key]}</label>
              <select id={key} name={key} defaultValue={number?.[key] ?? ''}>
                <option value="">not known</option>
                {Object.entries(CHOICES[key]).map(([id, name]) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </p>
          ))}
        </div>
        <p>
          <button type="submit" className="button button-primary">
            Name it
          </button>
        </p>
      </form>
      {number && <Answer number={number} />}
      {spread.length > 0 && (
        <section className="section stack" aria-labelledby="apart">
          <h2 id="apart">How far the variants lie apart</h2>
          <p>
            The same masks of up to {integer(Math.max(...spread.map(({ entries }) => entries)))} entries of this site,
            against label images with larger cells on top and against those that Cellpose prepares: difference in
            points.
          </p>
          <DataTable
            label="Differences between the flattened truths"
            caption="Difference of a number between both flattened truths, in points of per cent"
            columns={[
              { head: 'Number', rowHead: true, cell: ({ number }) => number },
              { head: 'Entries', num: true, cell: ({ entries }) => integer(entries) },
              { head: 'Median', num: true, cell: ({ median }) => percent(median) },
              { head: 'Largest', num: true, cell: ({ largest }) => percent(largest) },
            ]}
            rows={spread}
            rowKey={({ number }) => number}
          />
        </section>
      )}
      <p className="section">
        Numbers that others reported: <Link href="/published">the ledger</Link>. Definitions:{' '}
        <Link href="/protocol">how scores are computed</Link>.
      </p>
    </div>
  );
}

function Answer({ number }: { number: KnownOfNumber }) {
  const { name, definition, beside, warnings, assumed } = nameNumber(number);
  return (
    <section className="section stack" aria-labelledby="answer">
      <h2 id="answer">
        It is <code>{name}</code>
      </h2>
      <p>
        That is {definition}. {assumed.length > 0 && `Not said, and assumed as is usual there: ${assumed.join(', ')}.`}
      </p>
      <p>
        {beside ? (
          <>
            It may stand beside {beside} (<Link href={`/leaderboards/${DEFAULT_TASK.id}`}>leaderboard</Link>).
          </>
        ) : (
          'It may not stand beside any number of an entry.'
        )}
      </p>
      {warnings.length > 0 && (
        <ul>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
