/** Time against object count of an entry: a point per image, and the least-squares line through them. */
import { Figure, fromZero, Line, Plot, Points } from '#app/_components/charts/plot.tsx';
import type { EntryTiming } from '#db/board/timing.ts';
import { integer } from '#lib/format.ts';

/** Rows of the table: the images in order of their cells, in as many parts. */
const PARTS = 5;

const CELLS = {
  annotated: 'Annotated cells per image',
  detected: 'Detected cells per image',
} as const;

export function TimeAgainstCells({ timing }: { timing: EntryTiming }) {
  const { counts, hardware, images, msPer100Cells, secondsWithoutCells, secondsPerImage, points } = timing;
  const x = fromZero(Math.max(1, ...points.map(({ cells }) => cells)), CELLS[counts], integer);
  const y = fromZero(Math.max(...points.map(({ seconds }) => seconds)), 'Seconds', (value) => short(value));
  const line =
    msPer100Cells === null || secondsWithoutCells === null
      ? null
      : (cells: number) => secondsWithoutCells + (msPer100Cells / 100_000) * cells;
  const sentence = line
    ? `100 more cells take ${short(msPer100Cells!)} ms more; without any cell the line is at ${short(secondsWithoutCells!)} s. ${short(secondsPerImage)} s per image on average.`
    : `${short(secondsPerImage)} s per image on average; all images have as many cells, so there is no line.`;
  return (
    <section className="section" aria-labelledby="time">
      <h2 id="time">Time per image</h2>
      <p className="prose muted">
        As its submitter measured it{hardware ? `, on ${hardware}` : ''}; nobody measured it here.{' '}
        {counts === 'annotated'
          ? 'Cells are those annotated in the image.'
          : 'The ground truth is not public, so cells are the entry’s own detections at its score threshold.'}
      </p>
      <div className="charts">
        <Figure
          title="Time against cells per image"
          sentence={sentence}
          numbers={{
            head: ['Images', `${CELLS[counts]}, from`, 'to', 'Mean seconds'],
            rows: partsOf(points).map((part) => [
              integer(part.length),
              integer(part[0].cells),
              integer(part[part.length - 1].cells),
              short(part.reduce((sum, { seconds }) => sum + seconds, 0) / part.length),
            ]),
          }}
        >
          <Plot x={x} y={y} say={`Time against cells of ${integer(images)} images. ${sentence}`}>
            <Points x={x} y={y} points={points.map(({ cells, seconds }) => [cells, seconds] as const)} />
            {line && (
              <Line
                x={x}
                y={y}
                color="var(--ink-2)"
                dash="4 3"
                points={[x.from, x.to].map((cells) => [cells, line(cells)] as const)}
              />
            )}
          </Plot>
        </Figure>
      </div>
    </section>
  );
}

/** Three significant digits. */
function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** Divide the images, in order of their cells, into parts of about equal size. */
function partsOf(points: EntryTiming['points']): EntryTiming['points'][] {
  const sorted = [...points].sort((a, b) => a.cells - b.cells);
  const parts = Math.min(PARTS, sorted.length);
  return Array.from({ length: parts }, (_, k) =>
    sorted.slice(Math.round((k * sorted.length) / parts), Math.round(((k + 1) * sorted.length) / parts)),
  );
}
