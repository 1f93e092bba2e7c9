'use client';

import { useEffect, useId, useRef } from 'react';
import { DataTable } from '#app/_components/data-table.tsx';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { type Described, SCORE_BARS } from '#lib/local/describe.ts';
import type { Drawing, ListedImage } from './worker.ts';

interface Props {
  described: Described;
  images: readonly ListedImage[];
  drawing: Drawing | null;
  /** its name, for pictures */
  dataset: string;
  onDraw(image: number): void;
}

/** What a file holds: detections by cell type, scores, and outlines on an image. */
export function Found({ described, images, drawing, dataset, onDraw }: Props) {
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
      <Outlines described={described} images={images} drawing={drawing} dataset={dataset} onDraw={onDraw} />
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

/** The outlines of one image, over its picture where that is public. */
function Outlines({ described: { perImage }, images, drawing, dataset, onDraw }: Props) {
  const id = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (drawing) context?.putImageData(new ImageData(drawing.pixels, drawing.width, drawing.height), 0, 0);
  }, [drawing]);
  if (!drawing) return null;
  const { image, width, height } = drawing;
  const name = images[image]?.file_name ?? '';
  const picture = `/datasets/${encodeURIComponent(dataset)}/pictures/${encodeURIComponent(name)}.png`;
  return (
    <figure className="check-outlines">
      <p className="field">
        <label htmlFor={id}>Outlines on</label>
        <select id={id} value={image} onChange={(event) => onDraw(Number(event.target.value))}>
          {images.map(({ id, file_name }, i) => (
            <option key={String(id)} value={i}>
              {file_name} ({integer(perImage[i] ?? 0)})
            </option>
          ))}
        </select>
      </p>
      <div className="check-picture" style={{ aspectRatio: `${width} / ${height}`, maxWidth: width }}>
        {/* biome-ignore lint/performance/noImgElement: a picture that may not be there, with rights of its own */}
        <img
          key={picture}
          src={picture}
          alt=""
          onError={(event) => {
            event.currentTarget.hidden = true;
          }}
        />
        <canvas
          ref={canvas}
          width={width}
          height={height}
          role="img"
          aria-label={`Outlines of ${integer(perImage[image] ?? 0)} detections on ${name}`}
        />
      </div>
      <figcaption className="hint">
        Do the outlines look like cells, and lie where cells are? If they are shifted, mirrored or turned, the masks
        were written in another order.
      </figcaption>
    </figure>
  );
}
