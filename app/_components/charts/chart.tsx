import type { Series } from '#lib/charts/series.ts';
import { exact, percent } from '#lib/format.ts';
import { INTERVAL_EXPLAINED, Interval } from '../interval.tsx';
import { type ChartKind, Drawing } from './drawing.tsx';
import { Legend } from './series-style.tsx';

/** A chart, a sentence that states its result, and its numbers as a table, which needs neither eyes nor script. */
export function Chart({ series, kind }: { series: Series; kind: ChartKind }) {
  const { title, sentence, names, rows, better, xLabel } = series;
  const empty = names.length === 0;
  const whiskers = rows.some(({ intervals }) => intervals?.some(Boolean));
  return (
    <figure className="chart">
      <figcaption>
        <h3>{title}</h3>
        <p>
          {sentence} {!empty && <span className="muted">{better === 'higher' ? 'Higher' : 'Lower'} is better.</span>}
          {whiskers && <span className="muted"> Whiskers: {INTERVAL_EXPLAINED}.</span>}
        </p>
      </figcaption>
      {!empty && (
        <>
          <Legend names={names} styles={series.styles} kind={kind === 'line' ? 'line' : 'bar'} />
          <div className="chart-box">
            <Drawing series={series} kind={kind} />
          </div>
          <noscript>
            <p className="hint">The drawing needs JavaScript; the numbers below do not.</p>
          </noscript>
          <details>
            <summary>
              Numbers <span className="visually-hidden">of the chart “{title}”</span>
            </summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
            <section className="table-scroll" tabIndex={0} aria-label={`Table: ${title}`}>
              <table>
                <caption className="visually-hidden">{title}, in per cent</caption>
                <thead>
                  <tr>
                    <th scope="col">{xLabel}</th>
                    {names.map((name, i) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
                      <th key={i} scope="col" className="num">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows.map(({ label, values, intervals }) => (
                    <tr key={label}>
                      <th scope="row" className="num-text">
                        {label}
                      </th>
                      {values.map((value, i) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: as above
                        <td key={i} className="num" title={exact(value)}>
                          {percent(value)} <Interval of={intervals?.[i]} />
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
