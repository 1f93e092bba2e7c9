import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { ChartFiles } from '#app/_components/charts/chart-files.tsx';
import { chartsOf } from '#db/board/charts.ts';
import { AppError } from '#lib/errors.ts';
import { chartQuerySchema } from '#lib/http/api.ts';
import { parseTask } from '#lib/tasks/index.ts';

interface Props {
  params: Promise<{ task: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Charts of ${parseTask((await params).task)?.name ?? 'a task'} as files`, robots: { index: false } };
}

/** The charts of a view of a board, each with the addresses of its files. */
export default async function ChartFilesPage({ params, searchParams }: Props) {
  const task = parseTask((await params).task);
  const query = chartQuerySchema.safeParse(await searchParams);
  if (!task || !query.success) notFound();
  const { charts, source } = await chartsOf(task.id, query.data).catch((error) => {
    if (error instanceof AppError && error.code === 'not-found') notFound();
    throw error;
  });
  const { format: _, chart: __, ...view } = query.data;
  const addressOf = (chart: number) => `/charts/${task.id}?${new URLSearchParams({ ...view, chart: String(chart) })}`;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${task.id}?${new URLSearchParams(view)}`}>{task.name} leaderboard</Link>
        </p>
        <h1>Charts as files</h1>
        <p className="lead">
          {source} Each file carries its title, source and citation; its address may be linked, and always draws the
          board as it is.
        </p>
        <p>
          <Link href={`/charts/${task.id}/progress`}>Progress over time, and against size and speed</Link>
        </p>
      </header>
      {charts.length === 0 && <p>Charts appear when the first entry is published.</p>}
      <div className="charts">
        {charts.map(({ series: { title, sentence } }, chart) => (
          <figure key={title} className="chart">
            <figcaption>
              <h2 className="visually-hidden">{title}</h2>
            </figcaption>
            {/* biome-ignore lint/performance/noImgElement: a drawing of this site, which needs no other size */}
            <img
              src={`${addressOf(chart)}&format=svg`}
              width={820}
              height={520}
              loading={chart > 1 ? 'lazy' : undefined}
              alt={`${title}. ${sentence}`}
              style={{ maxWidth: '100%', height: 'auto', background: '#fff' }}
            />
            <ChartFiles address={addressOf(chart)} of={title} />
          </figure>
        ))}
      </div>
    </div>
  );
}
