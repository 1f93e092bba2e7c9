import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import type { ReactNode } from 'react';
import { Figure, fromZero, Line, Plot, Point, type Scale } from '#app/_components/charts/plot.tsx';
import { loadProgress, type Progress, type ProgressRow } from '#app/_server/progress.ts';
import { bestSoFar, recordsOf, timeTicks } from '#lib/charts/progress.ts';
import { day, integer, list, percent } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';

interface Props {
  params: Promise<{ task: string }>;
  searchParams: Promise<{ dataset?: string | string[] }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Progress of ${parseTask((await params).task)?.name ?? 'a task'}`, robots: { index: false } };
}

/** How the best entry of a task moved over time, and what size and time methods declare. */
export default async function ProgressPage({ params, searchParams }: Props) {
  const task = parseTask((await params).task);
  if (!task?.open) notFound();
  const dataset = [(await searchParams).dataset ?? []].flat()[0];
  const progress = await loadProgress(task, dataset);
  if (!progress) notFound();
  const { charts } = progress;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${task.id}`}>{task.name} leaderboard</Link>
        </p>
        <h1>Progress</h1>
        <p className="lead">
          On {progress.dataset}
          {progress.demo && ' (synthetic demo data)'}: the best entry as time went on, and what methods declare of their
          size and speed. Hollow marks are published numbers, which are never ranked.
        </p>
      </header>
      {charts.every(({ rows }) => rows.length === 0) ? (
        <p>Charts appear when the first entry is published.</p>
      ) : (
        <section className="section" aria-labelledby="charts">
          <h2 id="charts" className="visually-hidden">
            Charts
          </h2>
          <div className="charts">
            {charts.map((chart) => (
              <OverTime key={chart.name} chart={chart} />
            ))}
            <Against
              chart={charts[0]}
              title="against parameters"
              label="Parameters, millions"
              read={({ parameters }) => parameters}
            />
            <Against
              chart={charts[0]}
              title="against time per image"
              label="Seconds per image"
              read={({ secondsPerImage }) => secondsPerImage}
            />
            {task.timed && (
              <Against
                chart={charts[0]}
                title="against time per cell"
                label="Milliseconds per 100 cells"
                read={({ msPer100Cells }) => msPer100Cells}
                none="No entry says yet how long each image took. Submissions may come with a table of times."
              />
            )}
          </div>
        </section>
      )}
      <section className="section">
        <p className="prose muted">
          An entry stands at the day of its publication; a published number at its year, or at the left edge where the
          ledger gives none. Parameters and seconds per image are what authors declare of a method, on hardware of their
          own; nobody measured them here. Milliseconds per 100 cells are the slope of the least-squares line of time on
          cells per image, of entries that were submitted with a table of times.
        </p>
      </section>
    </div>
  );
}

type Chart = Progress['charts'][number];

const MONTH = 30 * 86_400_000;

function OverTime({ chart: { name, format, better, rows, published } }: { chart: Chart }) {
  if (rows.length === 0) return null;
  const records = recordsOf(rows, better);
  const dated = published.flatMap(({ at }) => at ?? []);
  const times = [...rows.map(({ at }) => at), ...dated].map((at) => at.getTime());
  const to = Math.max(...times) + MONTH;
  // before a single day, some months
  const from = Math.min(Math.min(...times) - MONTH, to - 12 * MONTH);
  const x: Scale = {
    from,
    to,
    ticks: timeTicks(from, to),
    label: 'Published',
    format: (time) => new Date(time).toISOString().slice(0, 7),
  };
  const write = writer(format);
  const values = [...rows, ...published].map(({ value }) => value);
  const y = fromZero(Math.max(0.05, ...values), `${name}${format === 'percent' ? ', %' : ''}`, write);
  const best = records.at(-1)!;
  const sentence = `${best.name} is the best since ${day(best.at)}, with ${write(best.value)}; ${integer(records.length)} of ${integer(rows.length)} entries ${records.length === 1 ? 'was' : 'were'} the best when published.`;
  return (
    <Figure
      title={`Best ${name} over time`}
      sentence={sentence}
      numbers={{
        head: ['Entry', 'Published', name, ''],
        rows: [
          ...[...rows]
            .sort((a, b) => a.at.getTime() - b.at.getTime())
            .map((row) => [row.name, day(row.at), write(row.value), records.includes(row) ? 'the best then' : '']),
          ...published.map(({ name: one, at, value, note }) => [
            one,
            at ? String(at.getUTCFullYear()) : '–',
            write(value),
            note,
          ]),
        ],
      }}
    >
      <Plot x={x} y={y} say={`Best ${name} over time. ${sentence}`}>
        <Line x={x} y={y} points={bestSoFar(records, new Date(to))} />
        {published.map(({ name: one, at, value }) => (
          <Point
            key={`${one} ${value}`}
            x={x}
            y={y}
            at={[at?.getTime() ?? from, value]}
            size={4}
            color="var(--ink-2)"
            hollow
          />
        ))}
        {rows.map((row) => (
          <Point key={row.id} x={x} y={y} at={[row.at.getTime(), row.value]} size={records.includes(row) ? 4.5 : 3} />
        ))}
      </Plot>
    </Figure>
  );
}

function Against({
  chart: { name, format, rows },
  title,
  label,
  read,
  none = 'No method declares it yet. Owners do so on the pages of their methods.',
}: {
  chart: Chart;
  title: string;
  label: string;
  read: (row: ProgressRow) => number | null;
  /** said where there is nothing to draw */
  none?: string;
}): ReactNode {
  const declared = rows.flatMap((row) => {
    const of = read(row);
    return of !== null && of > 0 ? [{ ...row, of }] : [];
  });
  const without = rows.length - declared.length;
  const heading = `${name} ${title}`;
  if (declared.length === 0)
    return (
      <figure className="chart">
        <figcaption>
          <h3>{heading}</h3>
          <p>{none}</p>
        </figcaption>
      </figure>
    );
  const sizes = declared.map(({ of }) => of);
  const [from, to] = [
    10 ** Math.floor(Math.log10(Math.min(...sizes)) - 0.001),
    10 ** Math.ceil(Math.log10(Math.max(...sizes)) + 0.001),
  ];
  const decades = Math.round(Math.log10(to / from));
  const x: Scale = {
    from,
    to,
    log: true,
    ticks: Array.from({ length: decades + 1 }, (_, k) => Number((from * 10 ** k).toPrecision(6))),
    label: `${label} (log axis)`,
  };
  const write = writer(format);
  const y = fromZero(
    Math.max(0.05, ...declared.map(({ value }) => value)),
    `${name}${format === 'percent' ? ', %' : ''}`,
    write,
  );
  const sentence = `${list(declared.slice(0, 4).map(({ name: one, of, value }) => `${one}: ${of.toLocaleString('en-US')}, ${write(value)}`))}${declared.length > 4 ? ' and others' : ''}. ${without > 0 ? `${integer(without)} declare nothing.` : 'All declare it.'}`;
  return (
    <Figure
      title={heading}
      sentence={sentence}
      numbers={{
        head: ['Entry', label, name],
        rows: declared.map(({ name: one, of, value }) => [one, of.toLocaleString('en-US'), write(value)]),
      }}
    >
      <Plot x={x} y={y} say={`${heading}. ${sentence}`}>
        {declared.map(({ id, name: one, of, value }) => (
          <Point key={id} x={x} y={y} at={[of, value]} size={4} name={declared.length <= 8 ? one : undefined} />
        ))}
      </Plot>
    </Figure>
  );
}

function writer(format: Chart['format']): (value: number) => string {
  return (value) => (format === 'percent' ? percent(value, 1) : String(Number(value.toPrecision(3))));
}
