/** Every part of the site’s pages on one page, with made-up content: for people who change the code. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { Chart } from '#app/_components/charts/chart.tsx';
import { Dots } from '#app/_components/charts/dots.tsx';
import { AxisHead, DotCell } from '#app/_components/charts/in-cell.tsx';
import { SERIES_STYLES } from '#app/_components/charts/series-style.tsx';
import { SparkHistogram } from '#app/_components/charts/spark.tsx';
import { Segments } from '#app/_components/choice-links.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { Digest } from '#app/_components/digest.tsx';
import { Field } from '#app/_components/field.tsx';
import { Interval } from '#app/_components/interval.tsx';
import { StateBadge, VisibilityBadge } from '#app/_components/state.tsx';
import { TypeName } from '#app/_components/type-name.tsx';
import { axisOver } from '#lib/board/axis.ts';
import { IOU_LABELS, type Series } from '#lib/charts/series.ts';
import { percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { SUBMISSION_STATES, VISIBILITIES } from '#lib/vocabulary.ts';
import { Ask } from './ask.tsx';

export const metadata: Metadata = { title: 'Parts of pages', robots: { index: false } };

const KINDS = ['info', 'good', 'warn', 'bad'] as const;
const TOKENS = ['paper', 'paper-2', 'paper-3', 'ink', 'ink-2', 'ink-3', 'rule', 'rule-2', 'accent', 'accent-wash'];

/** Numbers that fall as methods' do, for charts. */
const value = (row: number, k: number) => Math.max(0, 0.9 - 0.09 * row - 0.16 * k);
const NAMES = ['Model one', 'Model two', 'Model three'];
const base = { better: 'higher', names: NAMES, xLabel: 'Cell type', yLabel: 'AP, %' } as const;
const LINES: Series = {
  ...base,
  title: 'Lines over thresholds',
  sentence: 'Every method falls as the threshold rises.',
  xLabel: 'IoU threshold',
  rows: IOU_LABELS.map((label, row) => ({ label, values: NAMES.map((_, k) => value(row, k)) })),
};
const ROWS: Series = {
  ...base,
  title: 'Dots with intervals and marks',
  sentence: 'A dot per method and cell type.',
  rows: CELL_TYPES.map((type, row) => ({
    label: CELL_TYPE_NAMES[type],
    values: NAMES.map((_, k) => value(row, k)),
    intervals: NAMES.map((_, k) => [value(row, k) * 0.93, value(row, k) * 1.05] as const),
  })),
};
const STACK: Series = {
  ...base,
  title: 'Stacked shares',
  sentence: 'Hatching tells shares apart where colour does not.',
  rows: ROWS.rows.map(({ label, values }) => ({ label, values: values.map((share) => (share ?? 0) / 10) })),
};

export default function ComponentsPage() {
  const axis = axisOver([0, 0.9])!;
  return (
    <div className="page">
      <header className="page-head">
        <h1>Parts of pages</h1>
        <p className="lead">
          Everything that pages are made of, for people who change the code. Numbers and names here are made up. Look at
          it in light and dark, at 360 pixels, and in print.
        </p>
      </header>
      <Part title="Colours">
        <ul className="cluster swatches">
          {TOKENS.map((token) => (
            <li key={token}>
              <span className="swatch" style={{ background: `var(--${token})`, outline: '1px solid var(--rule)' }} />{' '}
              <code>--{token}</code>
            </li>
          ))}
        </ul>
        <p className="cluster">
          {CELL_TYPES.map((type) => (
            <TypeName key={type} type={type} />
          ))}
        </p>
        <p className="cluster">
          {SERIES_STYLES.map(({ color }, k) => (
            <span key={color} className="type-name">
              <span className="swatch" style={{ background: color }} /> series {k + 1}
            </span>
          ))}
        </p>
      </Part>
      <Part title="Type">
        <p className="eyebrow">Eyebrow</p>
        <p className="lead">A lead, which says in two lines what a page is for.</p>
        <p>
          Text, <a href="#text">a link to somewhere</a>, <b>strong</b>, <code>code</code>,{' '}
          <span className="muted">muted</span>, <kbd>K</kbd>, and numbers that line up:{' '}
          <span className="num">1,234.50</span>.
        </p>
        <p className="hint">A hint under a control.</p>
      </Part>
      <Part title="Buttons and choices">
        <div className="cluster">
          <button type="button" className="button-primary">
            Primary
          </button>
          <button type="button">Plain</button>
          <button type="button" className="button-quiet">
            Quiet
          </button>
          <button type="button" className="button-danger">
            Danger
          </button>
          <button type="button" className="button-small">
            Small
          </button>
          <button type="button" disabled>
            Disabled
          </button>
          <Ask />
        </div>
        <Segments
          label="Protocol"
          items={['Paper', 'Released code', 'Stock COCO'].map((label, i) => ({
            label,
            href: '#choices',
            current: i === 0,
          }))}
        />
        <details className="menu">
          <summary>Menu</summary>
          <div className="menu-body">What it holds.</div>
        </details>
      </Part>
      <Part title="Forms">
        <Field name="good" label="A field" hint="What it is for">
          {(field) => <input {...field} defaultValue="A value" />}
        </Field>
        <Field name="bad" label="A field with an error" errors={{ bad: 'Found “x”; expected a number, such as 3.' }}>
          {(field) => <input {...field} defaultValue="x" />}
        </Field>
        <label className="check">
          <input type="checkbox" defaultChecked /> A box that is checked
        </label>
      </Part>
      <Part title="Notes, badges and states">
        {KINDS.map((kind) => (
          <div key={kind} className="alert" data-kind={kind}>
            <p>A note of the kind “{kind}”.</p>
          </div>
        ))}
        <p className="cluster">
          <span className="badge">plain</span>
          {KINDS.map((kind) => (
            <span key={kind} className="badge" data-kind={kind}>
              {kind}
            </span>
          ))}
          {SUBMISSION_STATES.map((state) => (
            <StateBadge key={state} state={state} />
          ))}
          {VISIBILITIES.map((visibility) => (
            <VisibilityBadge key={visibility} visibility={visibility} />
          ))}
        </p>
        <p>
          <Digest of={'0123456789abcdef'.repeat(4)} what="nothing" />
        </p>
        <details className="fold">
          <summary>A fold</summary>
          <p>What it holds.</p>
        </details>
      </Part>
      <Part title="Tables with plots in their cells">
        <DataTable
          label="A table"
          caption="Made-up numbers"
          rows={CELL_TYPES}
          rowKey={(type) => type}
          columns={[
            { head: 'Cell type', rowHead: true, cell: (type) => <TypeName type={type} /> },
            {
              head: 'AP',
              num: true,
              cell: (_, row) => (
                <>
                  {percent(value(row, 0))}
                  <Interval of={[value(row, 0) * 0.97, value(row, 0) * 1.02]} />
                </>
              ),
            },
            {
              head: 'Areas',
              cell: (type, row) => (
                <SparkHistogram
                  counts={[1, 3, 9, 6, 4, 2, 1].map((count, k) => count + ((row + k) % 3))}
                  edges={[0, 1, 2, 3, 4, 5, 6, 7]}
                  x={{ from: 0, to: 7 }}
                  color={`var(--type-${type})`}
                  say={`Areas of ${CELL_TYPE_NAMES[type]}`}
                />
              ),
            },
          ]}
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
        <section className="table-scroll" tabIndex={0} aria-label="A table with dots">
          <table>
            <caption className="visually-hidden">Dots on an axis that all rows share</caption>
            <thead>
              <tr>
                <th scope="col">Cell type</th>
                <AxisHead axis={axis} name="AP" />
              </tr>
            </thead>
            <tbody>
              {CELL_TYPES.map((type, row) => (
                <tr key={type}>
                  <th scope="row">
                    <TypeName type={type} />
                  </th>
                  <DotCell
                    axis={axis}
                    color={`var(--type-${type})`}
                    marks={[
                      { name: 'Masks', value: value(row, 0), interval: [value(row, 0) * 0.9, value(row, 0)] },
                      { name: 'Boxes', value: value(row, 0) * 0.85, hollow: true },
                    ]}
                  />
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </Part>
      <Part title="Charts">
        <div className="charts">
          <Chart kind="line" series={LINES} />
          <Dots
            series={ROWS}
            marks={ROWS.rows.map(({ values }) => values.map((number) => [(number ?? 0) * 0.9, (number ?? 0) * 1.08]))}
          />
          <Chart kind="stack" series={STACK} />
          <Chart kind="line" series={{ ...LINES, title: 'Nothing to draw', names: [], rows: [], sentence: 'Empty.' }} />
        </div>
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="section stack">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
