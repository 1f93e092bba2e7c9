/** What each kind of error costs, by cell type and by density: one table whose shades say where AP is lost. */
import { ERROR_NAMES } from '#lib/charts/series.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { DensityCost } from '#lib/scoring/error-costs.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { Frame } from './tables.tsx';

type Cost = Pick<DensityCost, 'AP' | 'objects' | 'errors'>;

interface Row {
  name: string;
  cost: Cost;
}

/** `densities`: null or absent for scores whose outcomes do not say it, and of private ground truth. */
export function ErrorCosts({
  results,
  densities,
}: {
  results: EvaluationResults;
  densities?: readonly DensityCost[] | null;
}) {
  const all: Row = { name: 'All images', cost: costOf(results.overall) };
  const types = CELL_TYPES.flatMap((type): Row[] => {
    const metrics = results.cellTypes[type];
    return metrics?.errors ? [{ name: CELL_TYPE_NAMES[type], cost: costOf(metrics) }] : [];
  });
  const bins = (densities ?? []).map((cost): Row => ({ name: densityName(cost), cost }));
  const gains = [all, ...types, ...bins].flatMap(({ cost }) =>
    ERROR_KINDS.map((kind) => cost.errors[kind].deltaAP ?? 0),
  );
  const most = Math.max(...gains);
  const label = 'What each kind of error costs';
  return (
    <>
      <h3 id="costs">{label}</h3>
      <p className="prose muted">
        {sentenceOf(all, [...types, ...bins])} Numbers are what AP would gain, in points of 100, if that one kind did
        not exist; the stronger the background, the more. The gains do not add up: errors hide one another.
      </p>
      <Frame label={`${label}, by cell type${bins.length > 0 ? ' and density' : ''}`}>
        <table className="heat">
          <caption className="visually-hidden">
            {label}: the gain in AP without it, in points of 100, by cell type{bins.length > 0 && ' and density'}
          </caption>
          <thead>
            <tr>
              <th scope="col">Images</th>
              <th scope="col" className="num">
                Cells
              </th>
              <th scope="col" className="num">
                AP
              </th>
              {ERROR_KINDS.map((kind) => (
                <th key={kind} scope="col" className="num">
                  {ERROR_NAMES[kind]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <CostRow row={all} most={most} />
          </tbody>
          <Rows title="By cell type" rows={types} most={most} />
          <Rows title="By cells per image, from sparse to dense" rows={bins} most={most} />
        </table>
      </Frame>
    </>
  );
}

function costOf({ AP, objects, errors }: Metrics): Cost {
  return { AP, objects, errors: errors! };
}

function densityName({ from, to, images }: DensityCost): string {
  return `${integer(from)} to ${integer(to)} (${integer(images)} ${images === 1 ? 'image' : 'images'})`;
}

/** Name the dearest kind, and where it costs most. */
function sentenceOf(all: Row, rows: readonly Row[]): string {
  const gain = ({ cost }: Row, kind: (typeof ERROR_KINDS)[number]) => cost.errors[kind].deltaAP ?? 0;
  const kind = ERROR_KINDS.reduce((one, other) => (gain(all, other) > gain(all, one) ? other : one));
  if (gain(all, kind) <= 0) return 'No kind of error costs anything.';
  const [first] = [...rows].sort((a, b) => gain(b, kind) - gain(a, kind));
  const where = first && gain(first, kind) > 0 ? `, most on ${first.name} (${percent(gain(first, kind))})` : '';
  return `“${ERROR_NAMES[kind]}” costs most: ${percent(gain(all, kind))} points of AP${where}.`;
}

function Rows({ title, rows, most }: { title: string; rows: readonly Row[]; most: number }) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={3 + ERROR_KINDS.length}>
          <span>{title}</span>
        </th>
      </tr>
      {rows.map((row) => (
        <CostRow key={row.name} row={row} most={most} />
      ))}
    </tbody>
  );
}

function CostRow({ row: { name, cost }, most }: { row: Row; most: number }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="num">{integer(cost.objects)}</td>
      <td className="num" title={exact(cost.AP)}>
        {percent(cost.AP, 1)}
      </td>
      {ERROR_KINDS.map((kind) => {
        const { deltaAP, objects, detections } = cost.errors[kind];
        const shade = most > 0 ? Math.round((70 * (deltaAP ?? 0)) / most) : 0;
        return (
          <td
            key={kind}
            className="num"
            title={`${exact(deltaAP)}; ${integer(objects)} cells, ${integer(detections)} outlines`}
            style={{ '--shade': `${shade}%` } as React.CSSProperties}
          >
            {percent(deltaAP, 1)}
          </td>
        );
      })}
    </tr>
  );
}
