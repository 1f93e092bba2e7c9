import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache, Fragment } from 'react';
import { ChartFiles } from '#app/_components/charts/chart-files.tsx';
import { CopyButton } from '#app/_components/copy-button.tsx';
import { Digest } from '#app/_components/digest.tsx';
import { getDatasetByName, getPictures, getStatistics, listDatasets } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { day, integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { LIVECELL_BIBTEX, OFFICIAL_LICENCE, OFFICIAL_PAGE, officialFiles } from '#lib/livecell/official-files.ts';
import { SPLIT_NAMES, splitOfName, splitsOf } from '#lib/livecell/splits.ts';
import { canSeeOutlines, canSeePictures } from '#lib/permissions.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { DEFAULT_TASK, parseTask } from '#lib/tasks/index.ts';
import { chartAddress } from './chart-address.ts';
import { Examples } from './examples.tsx';
import { Figures } from './figures.tsx';
import { CellTypes, named, SplitsAndTimes } from './tables.tsx';
import { TruthVariants } from './variants.tsx';
import './dataset.css';

interface Props {
  params: Promise<{ name: string }>;
}

const load = cache(async (name: string) => (await getDatasetByName(decodeURIComponent(name))) ?? notFound());

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const dataset = await load((await params).name);
  const { name, images } = dataset;
  const objects = objectsTold(dataset);
  return { title: name, description: `${integer(images)} images with ${integer(objects)} annotated cells.` };
}

export default async function DatasetPage({ params }: Props) {
  const dataset = await load((await params).name);
  const [statistics, pictures, splits] = await Promise.all([
    getStatistics(dataset).then((found) => found && named(found)),
    getPictures(dataset.id),
    besides(dataset),
  ]);
  const split = splitOf(dataset);
  const task = parseTask(dataset.task);
  const counts = task?.kind.outlines === false;
  const types = CELL_TYPES.filter((type) => dataset.cellTypes[type]);
  const others = Object.entries(dataset.cellTypes).filter(([type]) => !CELL_TYPES.some((known) => known === type));
  const most = Math.max(...Object.values(dataset.cellTypes), 1);
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Data set</p>
        <h1>{dataset.name}</h1>
        <p className="lead">
          {integer(dataset.images)} images
          {dataset.objects > 0
            ? ` with ${integer(objectsTold(dataset))} annotated cells, ${integer(objectsTold(dataset) / Math.max(dataset.images, 1))} per image on average.`
            : '.'}
        </p>
        <div className="cluster dataset-deeds">
          {(dataset.demo || officialFiles(dataset.task).length > 0) && (
            <a className="button button-primary" href="#get">
              Get the data
            </a>
          )}
          <Link className="button" href={`/leaderboards/${dataset.task}?dataset=${encodeURIComponent(dataset.name)}`}>
            Leaderboard
          </Link>
          <a href="#facts">Licence and source</a>
          {!dataset.demo && dataset.task !== 'zero-shot' && (
            <details className="menu">
              <summary>Cite</summary>
              <div className="menu-body cite">
                <pre>{LIVECELL_BIBTEX}</pre>
                <CopyButton text={LIVECELL_BIBTEX} what="the BibTeX entry" />
              </div>
            </details>
          )}
        </div>
      </header>
      {dataset.part && <p className="note">{partInWords(dataset.part)}</p>}
      {dataset.demo && (
        <div className="alert" data-kind="info">
          <p>
            This data set is synthetic, made so that a fresh installation has something to score. Its outlines are drawn
            by a program and its scores say nothing about real methods.
          </p>
        </div>
      )}
      {pictures && canSeePictures(pictures) && (
        <Examples
          dataset={dataset.name}
          examples={pictures.examples}
          outlines={canSeeOutlines(dataset, pictures) && pictures.groundTruthSha256 === dataset.sha256}
        />
      )}
      {statistics && <CellTypes statistics={statistics} name={dataset.name} />}
      {!statistics && (
        <section className="section" aria-labelledby="types">
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
          <ChartFiles address={chartAddress(dataset.name, 'images')} of="Images by cell type" />
        </section>
      )}
      {statistics && <SplitsAndTimes splits={splits} />}
      {statistics && <Figures statistics={statistics} name={dataset.name} />}
      <div className="section split">
        <section className="stack" aria-labelledby="facts">
          <h2 id="facts">Facts</h2>
          <dl className="facts">
            <dt>Board</dt>
            <dd>
              <Link href={`/leaderboards/${dataset.task}?dataset=${encodeURIComponent(dataset.name)}`}>
                {task?.name ?? dataset.task}: entries scored on this data set
              </Link>
            </dd>
            {!counts && (
              <>
                <dt>Images</dt>
                <dd>
                  <Link href={`/datasets/${encodeURIComponent(dataset.name)}/viewer`}>Look at every image</Link>
                  {dataset.public && (
                    <>
                      ; <Link href={`/datasets/${encodeURIComponent(dataset.name)}/errata`}>errata</Link>
                    </>
                  )}
                </dd>
                <dt>Split</dt>
                <dd>{split ? SPLIT_NAMES[split] : 'not stated'}</dd>
              </>
            )}
            {(['licence', 'source', 'protocol'] as const).map(
              (fact) =>
                dataset[fact] && (
                  <Fragment key={fact}>
                    <dt>{{ licence: 'Licence', source: 'Source', protocol: 'Prepared' }[fact]}</dt>
                    <dd>
                      <Linked text={dataset[fact]} />
                    </dd>
                  </Fragment>
                ),
            )}
            {!dataset.demo && !dataset.licence && dataset.task === DEFAULT_TASK.id && (
              <>
                <dt>Licence</dt>
                <dd>
                  That of its source. LIVECell’s images and annotations are{' '}
                  <a href="https://creativecommons.org/licenses/by-nc/4.0/">CC BY-NC 4.0</a>, Sartorius.
                </dd>
              </>
            )}
          </dl>
        </section>
        <GetTheData task={dataset.task} demo={dataset.demo} />
        <section className="stack" aria-labelledby="access">
          <h2 id="access">Access</h2>
          <dl className="facts">
            <dt>{counts ? 'Counts' : 'Annotations'}</dt>
            <dd>{dataset.public ? 'public' : 'not published by this site; only scores made with them are'}</dd>
            {!counts && (
              <>
                <dt>Images</dt>
                <dd>
                  {!pictures
                    ? 'not registered with this site'
                    : canSeePictures(pictures)
                      ? `${integer(pictures.files)} registered, examples shown below`
                      : `${integer(pictures.files)} registered to be measured, not shown`}
                </dd>
                <dt>List of images</dt>
                <dd>
                  <a href={`/api/v1/datasets/${encodeURIComponent(dataset.name)}/images`}>Ids, file names and sizes</a>{' '}
                  <span className="muted">(JSON), enough to check a prediction file before you upload it</span>
                </dd>
              </>
            )}
            <dt>Registered</dt>
            <dd>{day(dataset.createdAt)}</dd>
            <dt>SHA-256</dt>
            <dd>
              <Digest of={dataset.sha256} what="the ground truth" />
            </dd>
          </dl>
        </section>
      </div>
      <TruthVariants dataset={dataset} />
    </div>
  );
}

/** Return the split given at registration, else by the name: some data sets are older than the column. */
function splitOf({ split, name }: Dataset) {
  return split ?? splitOfName(name);
}

/** Return the data set and the other splits of its series, with their statistics. */
async function besides(dataset: Dataset) {
  const all = (await listDatasets({ task: dataset.task })).map((set) => ({ ...set, split: splitOf(set) }));
  const byName = parseTask(dataset.task)?.slotsAreDatasets;
  return Promise.all(
    splitsOf({ ...dataset, split: splitOf(dataset) }, all, { byName }).map(async (set) => {
      const statistics = await getStatistics(set);
      return { ...set, statistics: statistics && named(statistics) };
    }),
  );
}

/** A maintainer's text, with its addresses as links. */
function Linked({ text }: { text: string }) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:)])/).map((part, i) =>
    // every second part is an address
    i % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
      <a key={i} href={part}>
        {part}
      </a>
    ) : (
      part
    ),
  );
}

/** Where images and annotations are to be had: from LIVECell's authors, or drawn anew. */
function GetTheData({ task, demo }: { task: string; demo: boolean }) {
  const files = demo ? [] : officialFiles(task);
  if (!demo && files.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="get">
      <h2 id="get">Get the data</h2>
      {demo ? (
        <p>
          <code>npx livecell demo-data demo</code> writes such images, annotations and predictions on your own machine.
        </p>
      ) : (
        <>
          <ul>
            {files.map(({ what, url }) => (
              <li key={url}>
                <a href={url}>{what}</a>
              </li>
            ))}
          </ul>
          <p className="hint">
            Published by LIVECell’s authors: <a href={OFFICIAL_PAGE}>their page</a>. {OFFICIAL_LICENCE}.
          </p>
        </>
      )}
    </section>
  );
}
