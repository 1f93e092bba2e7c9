'use client';

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { cellAt } from '#lib/viewer/cell-at.ts';
import type { EntryCells } from '#lib/viewer/image-cells.ts';
import { type Judged, judge, type Verdict } from '#lib/viewer/verdicts.ts';
import { CellList } from './cell-list.tsx';
import { createCanvasRenderer } from './draw-canvas.ts';
import { createGlRenderer } from './draw-gl.ts';
import { Legend } from './legend.tsx';
import {
  codeOf,
  type Layer,
  type LayerSources,
  LOOKUP_LENGTH,
  LOOKUPS,
  type Lookup,
  type MapName,
  type Renderer,
  type Scene,
} from './scene.ts';
import type { CellsAnswer, CellsRequest, PaintedCells } from './worker.ts';

export interface ViewerProps {
  image: { width: number; height: number; name: string };
  /** the picture or its address; null: it may not be shown */
  picture: string | ImageBitmap | null;
  layers: LayerSources;
  /** addresses of the pages of neighbouring images, and what to fetch for them */
  previous: string | null;
  next: string | null;
  ahead: string[];
  /** the cell that the address names, such as `a12` */
  cell: string | null;
  /** the page's address does not follow the chosen cell */
  unaddressed?: boolean;
}

/** Directions of the arrow keys. */
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const FULL: Layer[] = ['truth', 'a', 'b'];

export function Viewer({ image, picture, layers, previous, next, ahead, cell, unaddressed }: ViewerProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<Renderer | null>(null);
  const frame = useRef(0);
  const changed = useRef({ picture: true, maps: true, lookups: true });
  const offered = FULL.filter((layer): layer is MapName => layer !== 'none' && layers[layer] !== undefined);
  const scene = useRef<Scene>(null!);
  scene.current ??= {
    ...{ width: image.width, height: image.height, picture: null, maps: mapsOf(givenCells(layers)) },
    lookups: new Uint8Array(LOOKUPS.length * LOOKUP_LENGTH),
    left: offered[0] ?? 'none',
    right: layers.a ? 'a' : (offered[0] ?? 'none'),
    ...{ swipe: layers.a && layers.truth ? 0.5 : 0, chosen: null },
    camera: { x: image.width / 2, y: image.height / 2, scale: 1 },
  };
  const [cells, setCells] = useState<Partial<Record<MapName, PaintedCells>>>(() => givenCells(layers));
  const [sides, setSides] = useState({ left: scene.current.left, right: scene.current.right });
  const [swipe, setSwipe] = useState(scene.current.swipe);
  const [threshold, setThreshold] = useState<number | null>(null);
  const [chosen, setChosen] = useState<string | null>(cell);
  const [problem, setProblem] = useState<string | null>(null);
  const [way, setWay] = useState<'webgl' | 'canvas' | null>(null);

  const redraw = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      renderer.current?.draw(scene.current, changed.current);
      changed.current = { picture: false, maps: false, lookups: false };
    });
  }, []);

  // the canvas: WebGL, or else 2D; made anew when its context comes back
  useEffect(() => {
    const element = canvas.current!;
    const start = () => {
      const forced = new URLSearchParams(location.search).get('draw') === 'canvas';
      const gl = forced ? null : createGlRenderer(element);
      renderer.current = gl ?? createCanvasRenderer(element);
      setWay(gl ? 'webgl' : 'canvas');
      if (!renderer.current) setProblem('This browser cannot draw here; the list of cells below says the same.');
      changed.current = { picture: true, maps: true, lookups: true };
      redraw();
    };
    const lost = (event: Event) => {
      event.preventDefault();
      renderer.current = null;
    };
    element.addEventListener('webglcontextlost', lost);
    element.addEventListener('webglcontextrestored', start);
    const fit = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      const ratio = Math.max(1, devicePixelRatio);
      const before = element.width;
      element.width = Math.max(1, Math.round(width * ratio));
      element.height = Math.max(1, Math.round(height * ratio));
      const { camera } = scene.current;
      camera.scale = before === 300 || before === 0 ? whole(element, image) : (camera.scale * element.width) / before;
      redraw();
    });
    start();
    fit.observe(element);
    return () => {
      fit.disconnect();
      element.removeEventListener('webglcontextlost', lost);
      element.removeEventListener('webglcontextrestored', start);
      renderer.current?.close();
      renderer.current = null;
    };
  }, [image, redraw]);

  // the picture
  useEffect(() => {
    if (!picture) return;
    if (typeof picture !== 'string') {
      scene.current.picture = picture;
      changed.current.picture = true;
      redraw();
      return;
    }
    let wanted = true;
    fetch(picture)
      .then(async (response) => {
        if (!response.ok) throw new Error(`The picture could not be loaded (${response.status}).`);
        const bitmap = await createImageBitmap(await response.blob());
        if (!wanted) return;
        scene.current.picture = bitmap;
        changed.current.picture = true;
        redraw();
      })
      .catch((error: Error) => wanted && setProblem(error.message));
    return () => {
      wanted = false;
    };
  }, [picture, redraw]);

  // the cells, painted in a worker; then those of the neighbours
  const addresses = offered.flatMap((name) => {
    const layer = layers[name];
    return layer && 'address' in layer ? [[name, layer.address] as const] : [];
  });
  const sources = JSON.stringify([addresses, ahead]);
  useEffect(() => {
    const [wanted, later] = JSON.parse(sources) as [[MapName, string][], string[]];
    if (wanted.length === 0) return;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const waiting = new Map(wanted.map(([name, address]) => [address, name]));
    worker.addEventListener('message', ({ data }: MessageEvent<CellsAnswer>) => {
      const name = waiting.get(data.address);
      if (!name) return;
      waiting.delete(data.address);
      if ('failed' in data) setProblem(data.failed);
      else {
        scene.current.maps[name] = data.cells.map;
        changed.current.maps = true;
        setCells((before) => ({ ...before, [name]: data.cells }));
      }
      if (waiting.size === 0)
        for (const address of later) worker.postMessage({ address, ahead: true } satisfies CellsRequest);
    });
    for (const address of waiting.keys()) worker.postMessage({ address } satisfies CellsRequest);
    return () => worker.terminate();
  }, [sources]);

  const entry = (name: 'a' | 'b'): EntryCells | null => {
    const found = cells[name];
    return found?.scores ? ({ masks: [], ...found } as unknown as EntryCells) : null;
  };
  const own = cells.a?.scoreThreshold ?? cells.b?.scoreThreshold ?? null;
  const judged = useMemo(() => {
    const of = (name: 'a' | 'b'): Judged | null => {
      const found = cells[name];
      if (!found?.scores) return null;
      const cut = threshold ?? found.scoreThreshold ?? Number.NEGATIVE_INFINITY;
      return judge(found as EntryCells & typeof found, cut);
    };
    return { a: of('a'), b: of('b') };
  }, [cells, threshold]);

  // what is drawn follows what is chosen
  useEffect(() => {
    const { lookups } = scene.current;
    lookups.fill(0);
    const fill = (lookup: Lookup, verdicts: readonly Verdict[]) => {
      const row = LOOKUPS.indexOf(lookup) * LOOKUP_LENGTH;
      verdicts.forEach((verdict, k) => {
        lookups[row + k + 1] = codeOf(verdict);
      });
    };
    const objects = cells.truth?.crowd ?? [];
    fill(
      'truth',
      objects.map((crowd) => (crowd ? 'uncounted' : 'plain')),
    );
    for (const [name, detections, missed] of [
      ['a', 'detectionsA', 'objectsA'],
      ['b', 'detectionsB', 'objectsB'],
    ] as const) {
      fill(detections, judged[name]?.detections ?? []);
      fill(
        missed,
        (judged[name]?.objects ?? []).map((verdict) => (verdict === 'missed' ? 'missed' : 'hidden')),
      );
    }
    changed.current.lookups = true;
    redraw();
  }, [cells, judged, redraw]);

  useEffect(() => {
    Object.assign(scene.current, sides, { swipe, chosen: parseCell(chosen) });
    redraw();
  }, [sides, swipe, chosen, redraw]);

  /** Choose a cell: it is outlined in white, named in the address, and brought into view if `go`. */
  const choose = useCallback(
    (name: string | null, go = false) => {
      setChosen(name);
      if (!unaddressed) nameInAddress(name);
      const found = parseCell(name);
      const map = found && scene.current.maps[found.layer];
      if (!map || !go || !found) return;
      const [x0, y0, x1, y1] = map.extents.subarray(4 * (found.id - 1), 4 * found.id);
      const { camera } = scene.current;
      camera.x = (x0 + x1) / 2;
      camera.y = (y0 + y1) / 2;
      const least = Math.min(canvas.current!.width, canvas.current!.height) / 6 / Math.max(8, x1 - x0, y1 - y0);
      camera.scale = Math.max(camera.scale, Math.min(least * 2, 8 * Math.max(1, devicePixelRatio)));
      redraw();
    },
    [redraw, unaddressed],
  );

  // the cell of the address, once it is there
  const arrived = useRef(false);
  useEffect(() => {
    const found = parseCell(cell);
    if (arrived.current || !found || !cells[found.layer]) return;
    arrived.current = true;
    choose(cell, true);
  }, [cell, cells, choose]);

  /** Errors of the entry on the right (else the left), in reading order. */
  const active: 'a' | 'b' = sides.right === 'b' || (sides.right !== 'a' && sides.left === 'b') ? 'b' : 'a';
  const errors = useMemo(() => {
    const result = judged[active];
    if (!result) return [];
    const list: { name: string; y: number; x: number }[] = [];
    const add = (layer: MapName, k: number) => {
      const extents = cells[layer]?.map.extents;
      if (extents) list.push({ name: `${letterOf(layer)}${k + 1}`, x: extents[4 * k], y: extents[4 * k + 1] });
    };
    result.detections.forEach((verdict, k) => {
      if (verdict === 'false' || verdict === 'split' || verdict === 'merged') add(active, k);
    });
    result.objects.forEach((verdict, k) => {
      if (verdict === 'missed') add('truth', k);
    });
    // in bands of 40 pixels, as one reads
    return list.sort((p, q) => Math.floor(p.y / 40) - Math.floor(q.y / 40) || p.x - q.x).map(({ name }) => name);
  }, [active, judged, cells]);
  const step = useCallback(
    (by: 1 | -1) => {
      if (errors.length === 0) return;
      const at = chosen ? errors.indexOf(chosen) : -1;
      choose(errors[(at + by + errors.length + (at < 0 && by < 0 ? 1 : 0)) % errors.length], true);
    },
    [errors, chosen, choose],
  );

  const zoom = useCallback(
    (factor: number, at?: { x: number; y: number }) => {
      const { camera } = scene.current;
      const element = canvas.current!;
      const least = whole(element, image) / 2;
      const scale = Math.max(least, Math.min(40, camera.scale * factor));
      if (at) {
        const [dx, dy] = [at.x - element.width / 2, at.y - element.height / 2];
        camera.x += dx / camera.scale - dx / scale;
        camera.y += dy / camera.scale - dy / scale;
      }
      camera.scale = scale;
      redraw();
    },
    [image, redraw],
  );
  const fitWhole = useCallback(() => {
    scene.current.camera = { x: image.width / 2, y: image.height / 2, scale: whole(canvas.current!, image) };
    redraw();
  }, [image, redraw]);

  // keys, unless a field has the focus that uses them
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { tagName } = event.target as HTMLElement;
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(tagName)) return;
      const onCanvas = event.target === canvas.current;
      const go = (href: string | null) => href && location.assign(href);
      const pan = (x: number, y: number) => {
        scene.current.camera.x += (x * 60) / scene.current.camera.scale;
        scene.current.camera.y += (y * 60) / scene.current.camera.scale;
        redraw();
      };
      const deeds: Record<string, () => unknown> = {
        n: () => step(1),
        p: () => step(-1),
        '+': () => zoom(1.4),
        '=': () => zoom(1.4),
        '-': () => zoom(1 / 1.4),
        0: fitWhole,
        t: () => setSwipe((at) => (at > 0.5 ? 0 : 1)),
        '[': () => setSwipe((at) => Math.max(0, at - 0.05)),
        ']': () => setSwipe((at) => Math.min(1, at + 0.05)),
        ',': () => go(previous),
        '.': () => go(next),
      };
      if (event.key === 'Escape') return choose(null);
      const arrow = onCanvas ? ARROWS[event.key] : undefined;
      const deed = arrow ? () => pan(arrow[0], arrow[1]) : deeds[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [step, zoom, fitWhole, choose, redraw, previous, next]);

  // pointer: drag to move, drag the line to swipe, wheel and pinch to zoom, click to choose
  useEffect(() => {
    const element = canvas.current!;
    const pointers = new Map<number, { x: number; y: number }>();
    let moved = 0;
    let swiping = false;
    const placeOf = (event: MouseEvent) => {
      const box = element.getBoundingClientRect();
      const ratio = element.width / box.width;
      return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
    };
    const down = (event: PointerEvent) => {
      element.setPointerCapture(event.pointerId);
      const place = placeOf(event);
      pointers.set(event.pointerId, place);
      moved = 0;
      swiping =
        scene.current.left !== scene.current.right && Math.abs(place.x - scene.current.swipe * element.width) < 12;
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const place = placeOf(event);
      moved += Math.hypot(place.x - before.x, place.y - before.y);
      if (pointers.size === 2) {
        const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        const far = (at: { x: number; y: number }) => Math.hypot(at.x - other.x, at.y - other.y);
        if (far(before) > 0) zoom(far(place) / far(before), other);
      } else if (swiping) setSwipe(Math.max(0, Math.min(1, place.x / element.width)));
      else {
        const { camera } = scene.current;
        camera.x -= (place.x - before.x) / camera.scale;
        camera.y -= (place.y - before.y) / camera.scale;
        redraw();
      }
      pointers.set(event.pointerId, place);
    };
    const up = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId) || moved > 5 || swiping) return;
      const { camera, left, right, swipe: border, maps } = scene.current;
      const place = placeOf(event);
      const x = (place.x - element.width / 2) / camera.scale + camera.x;
      const y = (place.y - element.height / 2) / camera.scale + camera.y;
      const layer = place.x < border * element.width ? left : right;
      for (const name of layer === 'truth' ? (['truth'] as const) : ([layer, 'truth'] as const)) {
        const map = name === 'none' ? undefined : maps[name];
        const found = map ? cellAt(map, x, y) : -1;
        if (found >= 0 && name !== 'none') return choose(`${letterOf(name)}${found + 1}`);
      }
      choose(null);
    };
    const wheel = (event: WheelEvent) => {
      // a page can be scrolled past the viewer: only a focused canvas, or a pinch, zooms
      if (!event.ctrlKey && document.activeElement !== element) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), placeOf(event));
    };
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('wheel', wheel);
    };
  }, [choose, zoom, redraw]);

  const entries = [entry('a'), entry('b')].flatMap((one) =>
    one && !one.unscored && one.scores.length > 0 ? [one] : [],
  );
  const scored = entries.length > 0;
  // listed by descending score; some are logits, or per cent
  const lowest = Math.min(0, ...entries.map(({ scores }) => scores.at(-1)!));
  const highest = Math.max(1, ...entries.map(({ scores }) => scores[0]));
  const cut = threshold ?? own ?? lowest;
  const ready = offered.every((name) => cells[name]);
  const option = (name: Layer) => (
    <option key={name} value={name}>
      {name === 'none' ? 'picture alone' : layers[name]?.label}
    </option>
  );
  return (
    <div className="viewer" data-drawn={way ?? undefined} data-ready={ready || undefined}>
      <div className="viewer-bar cluster">
        {offered.length > 0 &&
          (['left', 'right'] as const).map((side) => (
            <label key={side}>
              {side === 'left' ? 'Left' : 'Right'}{' '}
              <select
                value={sides[side]}
                onChange={(event) => setSides({ ...sides, [side]: event.target.value as Layer })}
              >
                {[...offered, 'none' as const].map(option)}
              </select>
            </label>
          ))}
        {sides.left !== sides.right && (
          <label className="viewer-slider">
            Swipe{' '}
            <input
              type="range"
              min={0}
              max={100}
              value={Math.round(100 * swipe)}
              onChange={(event) => setSwipe(Number(event.target.value) / 100)}
              aria-valuetext={`${Math.round(100 * swipe)} per cent shows the left side`}
            />
          </label>
        )}
        <span className="viewer-zoom">
          <button type="button" className="button-small" onClick={() => zoom(1.4)} aria-label="Zoom in">
            +
          </button>{' '}
          <button type="button" className="button-small" onClick={() => zoom(1 / 1.4)} aria-label="Zoom out">
            −
          </button>{' '}
          <button type="button" className="button-small" onClick={fitWhole}>
            Whole image
          </button>
        </span>
      </div>
      <canvas
        ref={canvas}
        tabIndex={0}
        aria-label={`${image.name} with outlines; the list below has every cell`}
        role="img"
      />
      {problem && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
      <div className="viewer-below">
        {scored && (
          <label className="viewer-slider">
            Score from <span className="viewer-score">{cut.toFixed(2)}</span>{' '}
            <input
              type="range"
              min={lowest}
              max={highest}
              step={(highest - lowest) / 100}
              value={cut}
              onChange={(event) => setThreshold(Number(event.target.value))}
            />
            {threshold !== null && (
              <button type="button" className="button-small" onClick={() => setThreshold(null)}>
                {own === null ? 'All' : 'Entry’s own'}
              </button>
            )}
          </label>
        )}
        <Counts judged={judged} layers={layers} />
        {errors.length > 0 && (
          <p className="cluster">
            <button type="button" onClick={() => step(1)}>
              Next error <kbd>n</kbd>
            </button>
            <span className="muted">
              {errors.length} of {layers[active]?.label} on this image
            </span>
          </p>
        )}
      </div>
      <Legend
        judged={judged[active] !== null && judged[active]?.counts !== undefined}
        truth={layers.truth !== undefined}
        swipes={sides.left !== sides.right}
        steps={previous !== null || next !== null}
      />
      <CellList
        cells={cells}
        judged={judged}
        active={active}
        layers={layers}
        chosen={chosen}
        onChoose={(name) => choose(name, true)}
      />
    </div>
  );
}

/** Precision, recall and F1 of each entry on this image at the chosen score. */
function Counts({ judged, layers }: { judged: Record<'a' | 'b', Judged | null>; layers: LayerSources }) {
  const rows = (['a', 'b'] as const).flatMap((name) => {
    const counts = judged[name]?.counts;
    return counts ? [{ name, counts }] : [];
  });
  if (rows.length === 0) return null;
  const part = (value: number | null) => (value === null ? '–' : (100 * value).toFixed(1));
  return (
    <TableFrame label="Counts on this image">
      <table className="viewer-counts" aria-live="polite">
        <caption className="visually-hidden">Counts on this image at IoU 0.50 and the chosen score</caption>
        <thead>
          <tr>
            <th scope="col">Entry</th>
            {['Found', 'False', 'Missed', 'Precision', 'Recall', 'F1'].map((head) => (
              <th key={head} scope="col" className="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, counts }) => (
            <tr key={name}>
              <th scope="row">{layers[name]?.label}</th>
              <td className="num">{counts.truePositives}</td>
              <td className="num">{counts.falsePositives}</td>
              <td className="num">{counts.falseNegatives}</td>
              <td className="num">{part(counts.precision)}</td>
              <td className="num">{part(counts.recall)}</td>
              <td className="num">{part(counts.f1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

/** Return the cells that came with the layers. */
function givenCells(layers: LayerSources): Partial<Record<MapName, PaintedCells>> {
  const given: Partial<Record<MapName, PaintedCells>> = {};
  for (const name of ['truth', 'a', 'b'] as const) {
    const layer = layers[name];
    if (layer?.cells) given[name] = layer.cells;
  }
  return given;
}

function mapsOf(cells: Partial<Record<MapName, PaintedCells>>): Scene['maps'] {
  return Object.fromEntries(Object.entries(cells).map(([name, { map }]) => [name, map]));
}

/** Let the page's address name a cell, so that it can be sent to somebody. */
function nameInAddress(cell: string | null): void {
  const url = new URL(location.href);
  if (cell) url.searchParams.set('cell', cell);
  else url.searchParams.delete('cell');
  history.replaceState(history.state, '', url);
}

/** Return the scale at which the whole image is in view. */
function whole(canvas: HTMLCanvasElement, image: { width: number; height: number }): number {
  return Math.min(canvas.width / image.width, canvas.height / image.height);
}

const letterOf = (layer: MapName): string => (layer === 'truth' ? 't' : layer);

/** Return the layer and id of a cell as addresses name it: `t7` is the seventh annotated cell, `a12` the twelfth of entry A. */
function parseCell(name: string | null): Scene['chosen'] {
  const [, letter, number] = /^([tab])([1-9]\d{0,4})$/.exec(name ?? '') ?? [];
  if (!letter) return null;
  return { layer: letter === 't' ? 'truth' : (letter as 'a' | 'b'), id: Number(number) };
}
