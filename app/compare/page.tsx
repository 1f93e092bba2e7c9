import type { Metadata } from 'next';
import Link from 'next/link';
import { cache } from 'react';
import { ChartFiles } from '#app/_components/charts/chart-files.tsx';
import { Legend } from '#app/_components/charts/series-style.tsx';
import { Segments } from '#app/_components/choice-links.tsx';
import { Interval } from '#app/_components/interval.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { comparedNames, loadComparison, type WholeComparison } from '#app/_server/comparison.ts';
import { COMPARED_NAMES, withoutDifferences } from '#lib/board/comparison.ts';
import { IOU_LABELS } from '#lib/charts/series.ts';
import { type Evaluation, PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { exact, list, percent } from '#lib/format.ts';
import { PER_IOU_METRICS } from '#lib/scoring/per-iou.ts';
import { COMPARED_METRICS } from '#lib/scoring/uncertainty.ts';
import { formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { CellsByEntry, ImagesOf } from './cells.tsx';
import { Charts } from './charts.tsx';
import './compare.css';
import { type CompareView, compareHref, type Params, parseCompareView } from './view.ts';

interface Props {
  searchParams: Promise<Params>;
}

/** Load a comparison, or the sentence that says why there is none. */
const load = cache(
  async (ids: string, protocol: ProtocolId, evaluation: Evaluation | undefined): Promise<WholeComparison | string> => {
    try {
      return await loadComparison({ ids: ids.split(',').filter(Boolean), protocol, evaluation });
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return error.message;
      throw error;
    }
  },
);

export async function generateMetadata({ searchParams }: Props): Promise<Metadata> {
  const { ids, protocol, evaluation } = parseCompareView(await searchParams);
  const found = await load(ids.join(), protocol, evaluation);
  if (typeof found === 'string') return { title: 'Compare entries', robots: { index: false } };
  return { title: `Compare ${comparedNames(found)}`, description: found.verdict, robots: { index: false } };
}

export default async function ComparePage({ searchParams }: Props) {
  const view = parseCompareView(await searchParams);
  const found = await load(view.ids.join(), view.protocol, view.evaluation);
  if (typeof found === 'string') return <NoComparison ids={view.ids} why={found} />;
  const methods = found.entries.map(({ method }) => method);
  const evaluated = parseTask(found.task)?.kind.evaluated;
  const isWide = found.task === 'livecell-wide';
  const files = compareHref(view, { found: undefined }, '/compare/charts');
  return (
    <div className="page compare">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${found.task}`}>{parseTask(found.task)?.name}</Link>
        </p>
        <h1>{list(methods)}</h1>
        <p className="lead verdict">{found.verdict}</p>
        <p className="muted">
          On <Link href={`/datasets/${encodeURIComponent(found.dataset)}`}>{found.dataset}</Link>,{' '}
          {evaluated && `${EVALUATION_NAMES[found.evaluation].toLowerCase()}, ${PROTOCOLS[found.protocol].name}. `}This
          view as <a href={`${compareHref(view, { found: undefined }, '/api/v1/compare')}&format=csv`}>CSV</a> or{' '}
          <a href={compareHref(view, { found: undefined }, '/api/v1/compare')}>JSON</a>.
        </p>
      </header>
      {evaluated && (
        <div className="cluster">
          <Segments
            label="Evaluation"
            items={found.evaluations.map((id) => ({
              label: EVALUATION_NAMES[id],
              href: compareHref(view, { evaluation: id, found: undefined }),
              current: id === found.evaluation,
            }))}
          />
          <Segments
            label="Protocol"
            items={PROTOCOL_IDS.map((id) => ({
              label: PROTOCOL_LABELS[id],
              href: compareHref(view, { protocol: id, found: undefined }),
              current: id === found.protocol,
              title: PROTOCOLS[id].description,
            }))}
          />
        </div>
      )}
      {isWide && <Legend names={methods} kind="line" />}
      <Numbers comparison={found} view={view} />
      {isWide ? (
        <>
          <Differences comparison={found} files={files} />
          <PerIouDifferences comparison={found} files={files} />
          <Charts comparison={found} files={files} />
          <CellsByEntry comparison={found} view={view} />
          {view.found && found.truthIsPublic && <ImagesOf comparison={found} view={view} />}
        </>
      ) : (
        <section className="section">
          <h2>Differences</h2>
          <p className="prose muted">{withoutDifferences(found.task)}</p>
        </section>
      )}
    </div>
  );
}

function NoComparison({ ids, why }: { ids: readonly string[]; why: string }) {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Compare entries</h1>
        <p className="lead">
          Two to six entries of one task side by side; of LIVECell-wide, with whether their differences are more than
          chance, where each is better, and which cells each of them finds.
        </p>
      </header>
      {ids.length > 0 && (
        <div className="alert" data-kind="warn">
          <p>{why}</p>
        </div>
      )}
      <p>
        Check entries on <Link href="/leaderboards/livecell-wide">the leaderboard</Link> and choose Compare. The address
        of the page is the comparison: it can be sent to others.
      </p>
    </div>
  );
}

function Numbers({ comparison, view }: { comparison: WholeComparison; view: CompareView }) {
  const { entries, numbers } = comparison;
  return (
    <section className="section">
      <h2>Numbers</h2>
      <TableFrame label="Numbers of the entries">
        <table>
          <caption className="visually-hidden">Numbers of the entries, in per cent where they are fractions</caption>
          <thead>
            <tr>
              <th scope="col">In per cent</th>
              {entries.map(({ id, method }) => (
                <th key={id} scope="col" className="num">
                  <Link href={`/entries/${id}`}>{method}</Link>
                  {entries.length > 2 && (
                    <Link
                      className="leave-out"
                      href={compareHref(view, { ids: view.ids.filter((other) => other !== id), found: undefined })}
                      aria-label={`Leave out ${method}`}
                      title={`Leave out ${method}`}
                    >
                      ×
                    </Link>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numbers.map(({ name, better, values, intervals, format = 'percent' }) => {
              const best = bestOf(values, better);
              return (
                <tr key={name}>
                  <th scope="row">
                    {name} <span aria-hidden="true">{better === 'higher' ? '↑' : '↓'}</span>
                    <span className="visually-hidden">, {better} is better</span>
                  </th>
                  {values.map((value, k) => (
                    <td
                      key={entries[k].id}
                      className="num"
                      title={exact(value)}
                      data-best={value === best || undefined}
                    >
                      {format === 'percent' ? percent(value, 1) : formatNumber({ format }, value)}{' '}
                      {format === 'percent' ? (
                        <Interval of={intervals?.[k]} />
                      ) : (
                        intervals?.[k] && (
                          <small className="interval">
                            <span className="visually-hidden">, 95 % interval </span>
                            {intervals[k].map((end) => end.toFixed(3)).join('–')}
                          </small>
                        )
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}

function bestOf(values: readonly (number | null)[], better: 'higher' | 'lower'): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return better === 'higher' ? Math.max(...known) : Math.min(...known);
}

interface WithFiles {
  comparison: WholeComparison;
  /** address of the charts as files, with a query to which name and format are added */
  files: string;
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${(100 * Math.abs(value)).toFixed(1)}`;

/** Name the difference where there is one pair; with more, a column of the table does. */
function onePair(entries: WholeComparison['entries']): string | null {
  return entries.length === 2 ? `${entries[0].method} minus ${entries[1].method}` : null;
}

function Differences({ comparison: { entries, differences }, files }: WithFiles) {
  const metrics = COMPARED_METRICS.filter((metric) => differences[metric]);
  return (
    <section className="section">
      <h2>Differences</h2>
      {metrics.length === 0 ? (
        <p className="prose muted">
          An interval needs at least five more fields of view than cell types. Here there are fewer, or an entry was
          scored before intervals came from fields, so the differences stand without one.
        </p>
      ) : (
        <>
          <p className="prose muted">
            {onePair(entries) ?? 'The first method minus the second'}, in percentage points, with the{' '}
            <Link href="/protocol#intervals">95 % interval</Link> from the fields of view on which both were scored. p
            is adjusted for the number of pairs (Holm). Interval and p tell what other fields in the same wells could
            change; they do not cover other wells, other microscopes or another run of the training.
          </p>
          <TableFrame label="Differences between the entries">
            <table>
              <caption className="visually-hidden">Paired differences in points</caption>
              <thead>
                <tr>
                  <th scope="col">Number</th>
                  {!onePair(entries) && <th scope="col">Pair</th>}
                  <th scope="col" className="num">
                    Difference
                  </th>
                  <th scope="col" className="num">
                    95 % interval
                  </th>
                  <th scope="col" className="num">
                    p, adjusted
                  </th>
                  <th scope="col">In words</th>
                </tr>
              </thead>
              <tbody>
                {metrics.flatMap((metric) =>
                  differences[metric]!.map(({ first, second, difference, interval, adjusted, ahead }) => (
                    <tr key={`${metric} ${first} ${second}`}>
                      <th scope="row">{COMPARED_NAMES[metric]}</th>
                      {!onePair(entries) && (
                        <td className="pair">
                          {entries[first].method} − {entries[second].method}
                        </td>
                      )}
                      <td className="num" title={exact(difference)}>
                        {signed(difference)}
                      </td>
                      <td className="num">
                        {signed(interval[0])} to {signed(interval[1])}
                      </td>
                      <td className="num" title={exact(adjusted)}>
                        {adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}
                      </td>
                      <td>{ahead === null ? 'cannot be told apart' : `${entries[ahead].method} is ahead`}</td>
                    </tr>
                  )),
                )}
              </tbody>
            </table>
          </TableFrame>
          <ChartFiles address={`${files}&chart=differences`} of="Paired differences" />
        </>
      )}
    </section>
  );
}

/** Paired differences at each IoU threshold: in which range of IoU one is ahead. */
function PerIouDifferences({ comparison: { entries, differences, perIouDifferences }, files }: WithFiles) {
  // where there is no interval at all, the section above says why
  if (Object.keys(differences).length === 0) return null;
  const pairs = perIouDifferences?.AP[0] ?? [];
  return (
    <section className="section" id="per-iou">
      <h2>Differences per IoU</h2>
      {!perIouDifferences || pairs.length === 0 ? (
        <p className="prose muted">
          They need the outcome of every cell, which is worked out some seconds after a score. Entries from before that
          was done get it when they are scored again.
        </p>
      ) : (
        <>
          <p className="prose muted">
            {onePair(entries) ?? 'The first method minus the second'} at each IoU threshold, in percentage points, with
            95 % intervals. p is adjusted for all pairs and thresholds of a number (Holm). Differences in bold are
            larger than chance explains (adjusted p below 0.05).
          </p>
          <TableFrame label="Differences per IoU">
            <table>
              <caption className="visually-hidden">Paired differences per IoU threshold, in points</caption>
              <thead>
                <tr>
                  <th scope="col">Number</th>
                  {!onePair(entries) && <th scope="col">Pair</th>}
                  {IOU_LABELS.map((label) => (
                    <th key={label} scope="col" className="num">
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {PER_IOU_METRICS.flatMap((metric) =>
                  pairs.map(({ first, second }, k) => (
                    <tr key={`${metric} ${first} ${second}`}>
                      <th scope="row">{metric === 'AP' ? 'AP' : 'Missed cells'}</th>
                      {!onePair(entries) && (
                        <td className="pair">
                          {entries[first].method} − {entries[second].method}
                        </td>
                      )}
                      {perIouDifferences[metric].map((at, t) => {
                        const pair = at[k];
                        if (!pair)
                          return (
                            <td key={IOU_LABELS[t]} className="num">
                              –
                            </td>
                          );
                        const text = signed(pair.difference);
                        return (
                          <td
                            key={IOU_LABELS[t]}
                            className="num per-iou"
                            title={`p, adjusted: ${pair.adjusted < 0.001 ? '< 0.001' : pair.adjusted.toFixed(3)}`}
                          >
                            {pair.ahead === null ? text : <strong>{text}</strong>}
                            <span>
                              {signed(pair.interval[0])} to {signed(pair.interval[1])}
                            </span>
                          </td>
                        );
                      })}
                    </tr>
                  )),
                )}
              </tbody>
            </table>
          </TableFrame>
          <ChartFiles address={`${files}&chart=per-iou-differences`} of="Paired differences per IoU" />
        </>
      )}
    </section>
  );
}
