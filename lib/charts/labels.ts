/**
 * Where names may stand in a drawing, so that a reader needs no legend: beside a mark of their own, over no other mark
 * and no other name. All positions are shares of the drawing from 0 to 100, from its lower left corner.
 */

/** Where a name begins or, at the left of its mark, ends; and where it stands. */
export interface DirectLabel {
  readonly x: number;
  readonly y: number;
  readonly side: 'above' | 'below' | 'left' | 'right';
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** Marks on one height: a dot, the ends of its interval, and what it is made of. */
export interface MarkGroup {
  readonly xs: readonly number[];
  readonly y: number;
}

type Spot = readonly [x: number, y: number];

/** Size of the narrowest drawing for which names are placed, in pixels: those on telephones have a legend instead. */
const WIDTH = 480;
/** Width of a letter of a name, in pixels, rather too wide than too narrow. */
const LETTER = 6.2;
/** The longest name that stands in a drawing, in letters. */
const LONGEST = 28;
/** Where a name's letters are, in pixels from its point: how far away they begin, and where they end. */
const ABOVE = [4, 20] as const;
const BESIDE = [9, 5] as const;
/** How far a name may reach out of the drawing at the top, in pixels. */
const OVER = 14;

const isShort = (names: readonly string[]) => names.length > 1 && names.every(({ length }) => length <= LONGEST);
const widthOf = (name: string) => (100 * name.length * LETTER) / WIDTH;

/**
 * Place the names of lines, each along its line.
 *
 * @param lines of each name: its points, from left to right
 * @param height of the drawing in pixels
 * @returns null where there is no room for every name
 */
export function labelsOfLines(
  names: readonly string[],
  lines: readonly (readonly Spot[])[],
  height: number,
): DirectLabel[] | null {
  if (!isShort(names) || lines.some((line) => line.length < 2)) return null;
  const pixels = (count: number) => (100 * count) / height;
  return placeAll(names, (i, isFree) => {
    for (const [x, y] of lines[i].slice(0, -1))
      for (const side of ['above', 'below'] as const) {
        const [near, far] = ABOVE.map((distance) => pixels(side === 'above' ? distance : -distance));
        const box = {
          left: x,
          right: x + widthOf(names[i]),
          bottom: y + Math.min(near, far),
          top: y + Math.max(near, far),
        };
        const inside = box.right <= 100 && box.bottom >= 0 && box.top <= 100 + pixels(OVER);
        // no other line between a name and its own
        const around = { ...box, bottom: Math.min(box.bottom, y - pixels(4)), top: Math.max(box.top, y + pixels(4)) };
        const free = lines.every((line, k) => !crosses(line, k === i ? box : around));
        if (inside && free && isFree(box)) return { label: { x, y, side }, box };
      }
    return null;
  });
}

/**
 * Place the names of dots in rows, each beside one of its dots.
 *
 * @param dots of each name: a group in each row that has one, with the marks that belong to its dot
 * @param height of the drawing in pixels
 * @returns null where there is no room for every name
 */
export function labelsOfRows(
  names: readonly string[],
  dots: readonly (readonly MarkGroup[])[],
  height: number,
): DirectLabel[] | null {
  if (!isShort(names)) return null;
  const [gap, half] = [(100 * BESIDE[0]) / WIDTH, (100 * BESIDE[1]) / height];
  const all = dots.flat();
  return placeAll(names, (i, isFree) => {
    for (const dot of dots[i])
      for (const side of ['right', 'left'] as const) {
        const x = side === 'right' ? Math.max(...dot.xs) : Math.min(...dot.xs);
        const width = widthOf(names[i]);
        const left = side === 'right' ? x + gap : x - gap - width;
        const box = { left, right: left + width, bottom: dot.y - half, top: dot.y + half };
        const isOver = ({ xs, y }: MarkGroup) =>
          Math.abs(y - dot.y) < 1.6 * half && xs.some((at) => at > box.left - 1 && at < box.right + 1);
        const free =
          left >= 0 && box.right <= 100 && isFree(box) && !all.some((other) => other !== dot && isOver(other));
        if (free) return { label: { x, y: dot.y, side }, box };
      }
    return null;
  });
}

/** Place one name after another; null as soon as one finds no place. */
function placeAll(
  names: readonly string[],
  find: (i: number, isFree: (box: Box) => boolean) => { label: DirectLabel; box: Box } | null,
): DirectLabel[] | null {
  const taken: Box[] = [];
  const labels: DirectLabel[] = [];
  const isFree = (box: Box) =>
    taken.every(
      (other) => other.right < box.left || other.left > box.right || other.top < box.bottom || other.bottom > box.top,
    );
  for (let i = 0; i < names.length; i++) {
    const found = find(i, isFree);
    if (!found) return null;
    taken.push(found.box);
    labels.push(found.label);
  }
  return labels;
}

/** Tell whether a line comes into a box, by its height at nine places of it. */
function crosses(line: readonly Spot[], { left, right, bottom, top }: Box): boolean {
  return Array.from({ length: 9 }, (_, k) => left + ((right - left) * k) / 8).some((x) => {
    const y = heightAt(line, x);
    return y !== null && y > bottom && y < top;
  });
}

/** Return the height of a line at x; null beyond its ends. */
function heightAt(line: readonly Spot[], x: number): number | null {
  const next = line.findIndex(([at]) => at >= x);
  if (next < 0) return null;
  const [x1, y1] = line[next];
  if (x1 === x) return y1;
  if (next === 0) return null;
  const [x0, y0] = line[next - 1];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
