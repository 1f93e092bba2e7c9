'use client';

/**
 * Reads a drawing's values: under the pointer, or with the arrow keys. The keys along the axis go from place to place,
 * those across it from name to name. The name that is read is brought out in the drawing, and in the tables that go with
 * it: styles find `data-lit` on the figure. The table below has the same numbers.
 */
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { Marker } from './series-style.tsx';

interface Props {
  title: string;
  /** places follow each other from left to right, or from top to bottom */
  along: 'x' | 'y';
  /** of each place: its name, and its position from 0 to 100 */
  labels: readonly string[];
  places: readonly number[];
  names: readonly string[];
  styles: readonly number[];
  /** [places × series] */
  texts: readonly (readonly string[])[];
}

/** How far from a mark the pointer still means it, in pixels. */
const REACH = 24;
const MARKS = '[data-series] > svg:not([preserveAspectRatio]) > *, rect[data-series], text[data-series]';

/** Return the series of the mark nearest to the pointer; null if none is near. */
function nearestSeries(area: Element | null, x: number, y: number): number | null {
  let found: string | null = null;
  let least = REACH;
  for (const mark of area?.querySelectorAll(MARKS) ?? []) {
    const { left, right, top, bottom } = mark.getBoundingClientRect();
    const distance = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    if (distance >= least) continue;
    least = distance;
    found = mark.closest('[data-series]')?.getAttribute('data-series') ?? null;
  }
  return found === null ? null : Number(found);
}

export function Reading({ title, along, labels, places, names, styles, texts }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const [lit, setLit] = useState<number | null>(null);
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const figure = own.current?.closest<HTMLElement>('.linked');
    if (!figure || lit === null) return;
    figure.dataset.lit = String(lit);
    return () => {
      delete figure.dataset.lit;
    };
  }, [lit]);
  const leave = () => {
    setAt(null);
    setLit(null);
  };
  const shown = at ?? 0;
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const frame = event.currentTarget.getBoundingClientRect();
    const share =
      along === 'x' ? (event.clientX - frame.left) / frame.width : (event.clientY - frame.top) / frame.height;
    const distances = places.map((place) => Math.abs(place - 100 * share));
    setAt(distances.indexOf(Math.min(...distances)));
    setLit(nearestSeries(event.currentTarget.parentElement, event.clientX, event.clientY));
  };
  const press = (event: KeyboardEvent) => {
    const last = labels.length - 1;
    const next = {
      [along === 'x' ? 'ArrowRight' : 'ArrowDown']: shown + 1,
      [along === 'x' ? 'ArrowLeft' : 'ArrowUp']: shown - 1,
      Home: 0,
      End: last,
    }[event.key];
    const across = {
      [along === 'x' ? 'ArrowDown' : 'ArrowRight']: (lit ?? -1) + 1,
      [along === 'x' ? 'ArrowUp' : 'ArrowLeft']: (lit ?? names.length) - 1,
    }[event.key];
    if (event.key === 'Escape') leave();
    if (next === undefined && across === undefined) return;
    event.preventDefault();
    setAt(Math.min(last, Math.max(0, next ?? shown)));
    if (across !== undefined) setLit(Math.min(names.length - 1, Math.max(0, across)));
  };
  const read = names.map((_, i) => i).filter((i) => lit === null || i === lit);
  const said = `${labels[shown]}: ${read.map((i) => `${names[i]} ${texts[shown]?.[i]}`).join(', ')}`;
  return (
    <div
      ref={own}
      className="reading"
      role="slider"
      tabIndex={0}
      aria-label={`Values of the chart “${title}”`}
      aria-orientation={along === 'x' ? 'horizontal' : 'vertical'}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, labels.length - 1)}
      aria-valuenow={shown}
      aria-valuetext={said}
      onPointerMove={move}
      onPointerLeave={leave}
      onFocus={() => setAt((now) => now ?? 0)}
      onBlur={leave}
      onKeyDown={press}
    >
      {at !== null && (
        <>
          <span
            className="reading-line"
            data-along={along}
            style={{ [along === 'x' ? 'left' : 'top']: `${places[at]}%` }}
          />
          <div
            className="chart-tooltip"
            style={
              along === 'x'
                ? { top: 0, ...(places[at] > 50 ? { right: `${102 - places[at]}%` } : { left: `${places[at] + 2}%` }) }
                : {
                    right: 0,
                    ...(places[at] > 50 ? { bottom: `${108 - places[at]}%` } : { top: `${places[at] + 8}%` }),
                  }
            }
          >
            <p>{labels[at]}</p>
            <ul>
              {names.map((name, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
                <li key={i} data-lit={i === lit || undefined}>
                  <svg width="12" height="12" aria-hidden="true">
                    <Marker cx={6} cy={6} index={styles[i]} />
                  </svg>
                  <span>{name}</span>
                  <b>{texts[at][i]}</b>
                </li>
              ))}
            </ul>
            <p className="reading-hint">
              {along === 'x' ? '← → to read on, ↑ ↓ for one name' : '↑ ↓ to read on, ← → for one name'}
            </p>
          </div>
        </>
      )}
    </div>
  );
}
