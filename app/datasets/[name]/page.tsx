import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache, Fragment } from 'react';
import { getDatasetByName, getStatistics } from '#db/datasets.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/scoring/cell-types.ts';
import { day, integer } from '#lib/scoring/format.ts';
import { parseTask } from '#lib/scoring/tasks.ts';
import { Statistics } from './figures.tsx';

interface Props {
  params: Promise<{ name: string }>;
}

const load = cache(async (name: string) => (await getDatasetByName(decodeURIComponent(name))) ?? notFound());

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name, images, objects } = await load((await params).name);
  return { title: name, description: `${integer(images)} images with ${integer(objects)} annotated cells.` };
}

export default async function DatasetPage({ params }: Props) {
  const dataset = await load((await params).name);
  const statistics = await getStatistics(dataset);
  const types = CELL_TYPES.filter((type) => dataset.cellTypes[type]);
  const others = Object.entries(dataset.cellTypes).filter(([type]) => !CELL_TYPES.includes(type as never));
  const most = Math.max(...Object.values(dataset.cellTypes), 1);
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Data set</p>
        <h1>{dataset.name}</h1>
        <p className="lead">
          {integer(dataset.images)} images
          {dataset.objects > 0
            ? ` with ${integer(dataset.objects)} annotated cells, ${integer(dataset.objects / Math.max(dataset.images, 1))} per image on average.`
            : '.'}
        </p>
      </header>
      {dataset.demo && (
        <div className="alert" data-kind="info">
          <p>
            This data set is synthetic, made so that a fresh installation has something to score. Its outlines are drawn
            by a program and its scores say nothing about real methods.
          </p>
        </div>
      )}
      <div className="section split first">
        <section aria-labelledby="types">
          <h2 id="types">Images per cell type</h2>
          <table className="counts">
            <thead>
              <tr>
                <th scope="col">Cell type</th>
                <th scope="col" className="num">
                  Images
                </th>
                <td />
              </tr>
            </thead>
            <tbody>
              {[...types.map((type) => [CELL_TYPE_NAMES[type], dataset.cellTypes[type]] as const), ...others].map(
                ([name, count]) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td className="num">{integer(count)}</td>
                    <td aria-hidden="true">
                      <span className="bar" style={{ width: `${(100 * count) / most}%` }} />
                    </td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </section>
        <section className="stack" aria-labelledby="facts">
          <h2 id="facts">Facts</h2>
          <dl className="facts">
            <dt>Task</dt>
            <dd>
              <Link href={`/leaderboards/${dataset.task}?dataset=${encodeURIComponent(dataset.name)}`}>
                {parseTask(dataset.task)?.name ?? dataset.task}
              </Link>
            </dd>
            <dt>Annotations</dt>
            <dd>{dataset.public ? 'public' : 'not published by this site; only scores made with them are'}</dd>
            <dt>Registered</dt>
            <dd>{day(dataset.createdAt)}</dd>
            <dt>SHA-256</dt>
            <dd>
              <code>{dataset.sha256}</code>
            </dd>
            {(['licence', 'source', 'protocol'] as const).map(
              (fact) =>
                dataset[fact] && (
                  <Fragment key={fact}>
                    <dt>{{ licence: 'Licence', source: 'Source', protocol: 'Prepared' }[fact]}</dt>
                    <dd>{dataset[fact]}</dd>
                  </Fragment>
                ),
            )}
            {!dataset.demo && !dataset.licence && dataset.task === 'livecell-wide' && (
              <>
                <dt>Licence</dt>
                <dd>
                  That of its source. LIVECell’s images and annotations are{' '}
                  <a href="https://creativecommons.org/licenses/by-nc/4.0/">CC BY-NC 4.0</a>, Sartorius.
                </dd>
              </>
            )}
          </dl>
          {parseTask(dataset.task)?.kind !== 'counts' && (
            <p>
              <a href={`/api/v1/datasets/${encodeURIComponent(dataset.name)}/images`}>
                Ids, file names and sizes of its images
              </a>{' '}
              <span className="muted">(JSON): enough to check a prediction file before you upload it.</span>
            </p>
          )}
        </section>
      </div>
      {statistics && <Statistics statistics={statistics} />}
    </div>
  );
}
