/**
 * A drawing of what the benchmark measures: annotated outlines, predicted outlines over them, and the cells that were
 * missed. Drawn from a seed, so that every build and every visit shows the same picture.
 */

const WIDTH = 560;
const HEIGHT = 380;
const CORNERS = 10;

interface Cell {
  x: number;
  y: number;
  r: number;
  stretch: number;
  angle: number;
  /** distance from the centre at each corner, in radii */
  shape: number[];
}

export function CellField() {
  const { annotated, predicted, missed } = FIELD;
  return (
    <figure className="cell-field">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Cell outlines as annotated and as predicted, drawn for illustration"
      >
        <g className="annotated">
          {annotated.map((d) => (
            <path key={d} d={d} />
          ))}
        </g>
        <g className="missed">
          {missed.map((d) => (
            <path key={d} d={d} />
          ))}
        </g>
        <g className="predicted">
          {predicted.map((d) => (
            <path key={d} d={d} />
          ))}
        </g>
      </svg>
      <figcaption>
        <span className="key annotated">annotated</span> <span className="key predicted">predicted</span>{' '}
        <span className="key missed">missed</span>
      </figcaption>
    </figure>
  );
}

const FIELD = draw();

function draw() {
  const random = mulberry32(546); // nm: the green line of a mercury lamp
  const cells = scatter(random);
  const annotated: string[] = [];
  const predicted: string[] = [];
  const missed: string[] = [];
  for (const cell of cells) {
    if (random() < 0.14) {
      missed.push(outline(cell));
      continue;
    }
    annotated.push(outline(cell));
    const wobble = (amount: number) => (random() - 0.5) * amount;
    predicted.push(
      outline({
        ...cell,
        x: cell.x + wobble(cell.r * 0.28),
        y: cell.y + wobble(cell.r * 0.28),
        r: cell.r * (1 + wobble(0.2)),
        angle: cell.angle + wobble(0.22),
        shape: cell.shape.map((distance) => distance + wobble(0.16)),
      }),
    );
  }
  return { annotated, predicted, missed };
}

/** Cells of three habits (round, spread, spindle), placed one after another where there is room. */
function scatter(random: () => number): Cell[] {
  const cells: Cell[] = [];
  for (let tries = 0; tries < 2600 && cells.length < 62; tries++) {
    const habit = random();
    const r = habit < 0.45 ? 15 + random() * 7 : habit < 0.75 ? 24 + random() * 12 : 19 + random() * 8;
    const cell: Cell = {
      x: random() * WIDTH,
      y: random() * HEIGHT,
      r,
      stretch: habit < 0.45 ? 1.1 : habit < 0.75 ? 1.25 : 1.9,
      angle: (random() - 0.3) * 1.6,
      shape: Array.from({ length: CORNERS }, () => 1 + (random() - 0.5) * (habit < 0.45 ? 0.14 : 0.4)),
    };
    const room = cells.every((other) => Math.hypot(other.x - cell.x, other.y - cell.y) > (other.r + r) * 1.12);
    if (room) cells.push(cell);
  }
  return cells;
}

/** A closed curve through the midpoints of the corners, which pull it (quadratic splines). */
function outline({ x, y, r, stretch, angle, shape }: Cell): string {
  const points = shape.map((distance, i) => {
    const a = (i / shape.length) * 2 * Math.PI;
    const u = Math.cos(a) * distance * r * stretch;
    const v = (Math.sin(a) * distance * r) / stretch ** 0.6;
    return [x + u * Math.cos(angle) - v * Math.sin(angle), y + u * Math.sin(angle) + v * Math.cos(angle)];
  });
  const middle = (i: number) => {
    const [a, b] = [points[i % points.length], points[(i + 1) % points.length]];
    return `${((a[0] + b[0]) / 2).toFixed(1)} ${((a[1] + b[1]) / 2).toFixed(1)}`;
  };
  const curves = points.map((_, i) => {
    const pull = points[(i + 1) % points.length];
    return `Q${pull[0].toFixed(1)} ${pull[1].toFixed(1)} ${middle(i + 1)}`;
  });
  return `M${middle(0)}${curves.join('')}Z`;
}

/** Public domain, Tommy Ettinger. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
