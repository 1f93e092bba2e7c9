'use client';

/**
 * Charts that come as plain data: written out as elements, a page would have each drawing twice. The server draws them,
 * so they need no script.
 */
import type { Series } from '#lib/charts/series.ts';
import { exact, percent } from '#lib/format.ts';
import { INTERVAL_EXPLAINED, Interval } from '../interval.tsx';
import { type ChartKind, DotRows, Drawing, type Labels, type Marks } from './drawing.tsx';
import { Explore } from './explore.tsx';
import { Figure } from './plot.tsx';
import { Legend } from './series-style.tsx';

/** A chart, a sentence that states its result, and its numbers as a table, which needs neither eyes nor script. */
export function DrawnChart({
  series,
  kind,
  labels,
  ofMethods,
}: {
  series: Series;
  kind: ChartKind;
  /** where names stand beside their marks; null: in a legend */
  labels: Labels;
  ofMethods?: boolean;
}) {
  const { title, sentence, names, rows, better, xLabel } = series;
  const empty = names.length === 0;
  const whiskers = rows.some(({ intervals }) => intervals?.some(Boolean));
  return (
    <figure className="chart linked" data-direct={labels !== null || undefined} data-methods={ofMethods || undefined}>
      <figcaption>
        <h3>{title}</h3>
        <p>
          {sentence} {!empty && <span className="muted">{better === 'higher' ? 'Higher' : 'Lower'} is better.</span>}
          {whiskers && <span className="muted"> Whiskers: {INTERVAL_EXPLAINED}.</span>}
        </p>
      </figcaption>
      {!empty && (
        <>
          <Legend names={names} styles={series.styles} kind={kind === 'stack' ? 'bar' : 'line'} />
          <Drawing series={series} kind={kind} labels={labels} />
          <Explore series={series} kind={kind} />
          <details>
            <summary>
              Numbers <span className="visually-hidden">of the chart “{title}”</span>
            </summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
            <section className="table-scroll" tabIndex={0} aria-label={`Table: ${title}`}>
              <table className="numbers">
                <caption className="visually-hidden">{title}, in per cent</caption>
                <thead>
                  <tr>
                    <th scope="col">{xLabel}</th>
                    {names.map((name, i) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
                      <th key={i} scope="col" data-series={i}>
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows.map(({ label, values, intervals }) => (
                    <tr key={label}>
                      <th scope="row">{label}</th>
                      {values.map((value, i) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: as above
                        <td key={i} title={exact(value)} data-series={i}>
                          {intervals?.[i] ? (
                            <>
                              {`${percent(value)} `}
                              <Interval of={intervals[i]} />
                            </>
                          ) : (
                            percent(value)
                          )}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </details>
        </>
      )}
    </figure>
  );
}

/** A row per label and a dot per series, with small marks behind it: what the number is made of. */
export function DrawnDots({
  series,
  marks,
  labels,
  ofMethods,
}: {
  series: Series;
  marks?: Marks;
  labels: Labels;
  ofMethods?: boolean;
}) {
  const { title, sentence, names, rows } = series;
  return (
    <Figure
      title={title}
      sentence={sentence}
      direct={labels !== null}
      ofMethods={ofMethods}
      linked
      numbers={{
        head: ['', ...names],
        rows: rows.map(({ label, values }) => [label, ...values.map((value) => percent(value))]),
      }}
    >
      <Legend names={names} kind="line" />
      <DotRows series={series} marks={marks} labels={labels} />
    </Figure>
  );
}
