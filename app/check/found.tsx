'use client';

import { DataTable } from '#app/_components/data-table.tsx';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { type Described, SCORE_BARS } from '#lib/local/describe.ts';

/** What a file holds: detections by cell type, and scores. */
export function Found({ described }: { described: Described }) {
  const { types, median, most, atMost, masks } = described;
  return (
    <section className="section stack">
      <h2>What is in it</h2>
      <p>
        {masks ? 'Masks and boxes can be scored.' : 'There are no masks: only boxes can be scored.'} The median image
        has {integer(median)} detections, the fullest {integer(most)}
        {atMost > 2 && most > 0 ? `, which ${integer(atMost)} images have: is that a limit of the model?` : '.'}
      </p>
      <div className="check-found">
        <DataTable
          label="Detections by cell type"
          caption="Detections by cell type"
          columns={[
            {
              head: 'Cell type',
              rowHead: true,
              cell: ({ type }) => (type === 'other' ? 'Others' : CELL_TYPE_NAMES[type]),
            },
            { head: 'Images', num: true, cell: ({ images }) => integer(images) },
            { head: 'Detections', num: true, cell: ({ detections }) => integer(detections) },
            { head: 'Per image', num: true, cell: ({ images, detections }) => (detections / images).toFixed(1) },
          ]}
          rows={types}
          rowKey={({ type }) => type}
        />
        <Scores described={described} />
      </div>
    </section>
  );
}

const WIDTH = 360;
const HEIGHT = 120;

function Scores({ described: { scores, range } }: { described: Described }) {
  if (!scores || !range)
    return <p className="muted">The file has no scores, so its entry is ranked among its own kind.</p>;
  const highest = Math.max(...scores);
  const step = WIDTH / SCORE_BARS;
  const [low, high] = range.map((score) => String(Number(score.toPrecision(3))));
  return (
    <figure className="check-scores">
      <figcaption>
        Scores, from {low} to {high}
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 18}`}
        role="img"
        aria-label={`Histogram of scores, from ${low} to ${high}`}
      >
        {[...scores].map((count, k) => {
          const bar = (HEIGHT * count) / highest;
          const from = (k / SCORE_BARS).toFixed(2);
          return (
            <rect key={from} x={k * step + 1} y={HEIGHT - bar} width={step - 2} height={bar} className="bar">
              <title>{`${from} to ${((k + 1) / SCORE_BARS).toFixed(2)}: ${integer(count)}`}</title>
            </rect>
          );
        })}
        <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} className="axis" />
        {[0, 0.5, 1].map((at) => (
          <text key={at} x={at * WIDTH} y={HEIGHT + 14} textAnchor={at === 0 ? 'start' : at === 1 ? 'end' : 'middle'}>
            {at}
          </text>
        ))}
      </svg>
    </figure>
  );
}
