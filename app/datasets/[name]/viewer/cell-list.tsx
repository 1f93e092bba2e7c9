import { useState } from 'react';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import type { Judged, Verdict } from '#lib/viewer/verdicts.ts';
import type { LayerSources } from './scene.ts';
import type { PaintedCells } from './worker.ts';

interface Props {
  cells: Partial<Record<'truth' | 'a' | 'b', PaintedCells>>;
  judged: Record<'a' | 'b', Judged | null>;
  /** the entry that is listed */
  active: 'a' | 'b';
  layers: LayerSources;
  chosen: string | null;
  onChoose: (name: string) => void;
}

interface Row {
  name: string;
  what: string;
  verdict: string;
  score: number | null;
  iou: number | null;
  /** x, y, width, height */
  box: readonly number[];
  pixels: number;
  wrong: boolean;
}

const AT_FIRST = 50;
const NAMES: Readonly<Record<Verdict, string>> = {
  hidden: 'below the score',
  plain: '–',
  found: 'found',
  missed: 'missed',
  false: 'false',
  split: 'split',
  merged: 'merged',
  uncounted: 'does not count',
};
const DETAIL: Readonly<Record<number, string>> = {
  [1 + ERROR_KINDS.indexOf('poorBoundary')]: ', poor outline',
  [1 + ERROR_KINDS.indexOf('duplicate')]: ', a second outline',
};

/** Every cell as a row: the picture in words, and another way to choose a cell. */
export function CellList({ cells, judged, active, layers, chosen, onChoose }: Props) {
  const [all, setAll] = useState(false);
  const [onlyErrors, setOnlyErrors] = useState(true);
  const rows = listRows(cells, judged[active], active);
  if (rows.length === 0) return null;
  const anyWrong = rows.some(({ wrong }) => wrong);
  // the chosen cell is always there: an address may name one that is right
  const shown = onlyErrors && anyWrong ? rows.filter(({ wrong, name }) => wrong || name === chosen) : rows;
  return (
    <section className="section" aria-labelledby="cells">
      <h2 id="cells">Cells{layers[active] && cells[active] ? ` of ${layers[active].label}` : ''}</h2>
      {anyWrong && (
        <label className="check">
          <input type="checkbox" checked={onlyErrors} onChange={(event) => setOnlyErrors(event.target.checked)} />
          Errors alone
        </label>
      )}
      <TableFrame label="Table of cells, scrolls sideways">
        <table>
          <caption className="visually-hidden">Cells of this image</caption>
          <thead>
            <tr>
              <th scope="col">Cell</th>
              <th scope="col">What</th>
              <th scope="col">Verdict</th>
              <th scope="col" className="num">
                Score
              </th>
              <th scope="col" className="num">
                Best IoU
              </th>
              <th scope="col" className="num">
                x, y
              </th>
              <th scope="col" className="num">
                Pixels
              </th>
            </tr>
          </thead>
          <tbody>
            {(all ? shown : shown.filter(({ name }, k) => k < AT_FIRST || name === chosen)).map((row) => (
              <tr key={row.name} aria-current={row.name === chosen ? 'true' : undefined}>
                <th scope="row">
                  <button type="button" className="button-link" onClick={() => onChoose(row.name)}>
                    {row.name}
                  </button>
                </th>
                <td>{row.what}</td>
                <td>{row.verdict}</td>
                <td className="num">{row.score === null ? '–' : row.score.toFixed(3)}</td>
                <td className="num">{row.iou === null ? '–' : row.iou.toFixed(2)}</td>
                <td className="num">
                  {row.box[0]}, {row.box[1]}
                </td>
                <td className="num">{row.pixels}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {!all && shown.length > AT_FIRST && (
        <p>
          <button type="button" onClick={() => setAll(true)}>
            Show all {shown.length}
          </button>
        </p>
      )}
    </section>
  );
}

function listRows(cells: Props['cells'], judged: Judged | null, active: 'a' | 'b'): Row[] {
  const rows: Row[] = [];
  const place = ({ map }: PaintedCells, k: number) => {
    const [x0, y0, x1, y1] = map.extents.subarray(4 * k, 4 * k + 4);
    return { box: [x0, y0, x1 - x0, y1 - y0], pixels: map.areas[k] };
  };
  const entry = cells[active];
  const verdicts = entry?.verdicts;
  judged?.detections.forEach((verdict, k) => {
    if (!entry || verdict === 'hidden') return;
    rows.push({
      name: `${active}${k + 1}`,
      what: 'predicted',
      verdict: `${NAMES[verdict]}${verdict === 'false' ? (DETAIL[verdicts?.kind[k] ?? 0] ?? '') : ''}`,
      score: entry.unscored ? null : (entry.scores?.[k] ?? null),
      iou: null,
      ...place(entry, k),
      wrong: verdict === 'false' || verdict === 'split' || verdict === 'merged',
    });
  });
  const truth = cells.truth;
  truth?.crowd.forEach((crowd, k) => {
    const verdict = judged?.objects[k] ?? (crowd ? 'uncounted' : 'plain');
    rows.push({
      name: `t${k + 1}`,
      what: crowd ? 'annotated crowd' : 'annotated',
      verdict: `${NAMES[verdict]}${verdict === 'missed' ? (DETAIL[verdicts?.objectKind[k] ?? 0] ?? '') : ''}`,
      score: null,
      iou: verdicts?.bestIou[k] ?? null,
      ...place(truth, k),
      wrong: verdict === 'missed' || verdict === 'split' || verdict === 'merged',
    });
  });
  return rows;
}
