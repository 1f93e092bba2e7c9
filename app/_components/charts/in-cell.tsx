/** Plots in the cells of a table: all rows share an axis, whose ticks stand in the head. Drawn on the server. */
import { type Axis, placeOn } from '#lib/board/axis.ts';
import { exact } from '#lib/format.ts';

/** The ticks of the axis, per cent; the column's name is for screen readers. */
export function AxisHead({ axis, name }: { axis: Axis; name: string }) {
  return (
    <th scope="col" className="dots">
      {name}
      <span className="visually-hidden">, drawn</span>
      <span className="axis" aria-hidden="true">
        {axis.ticks.map((tick) => (
          <span key={tick} style={{ left: `${placeOn(axis, tick)}%` }}>
            {Number((100 * tick).toPrecision(6))}
          </span>
        ))}
      </span>
    </th>
  );
}

export interface CellMark {
  /** a fraction; nothing is drawn for null */
  readonly value: number | null | undefined;
  readonly interval?: readonly [number, number] | null;
  /** shown as a ring: the second of two measures */
  readonly hollow?: boolean;
  /** what the tooltip says before the number */
  readonly name: string;
}

/** Numbers of one row on the shared axis, with their intervals; the same numbers stand in columns beside it. */
export function DotCell({ axis, marks, color }: { axis: Axis; marks: readonly CellMark[]; color?: string }) {
  return (
    <td className="dots" style={color ? ({ '--accent': color } as React.CSSProperties) : undefined}>
      <svg className="dot" aria-hidden="true">
        {/* rings first, so that a full dot is never hidden by one */}
        {[...marks]
          .sort((a, b) => Number(b.hollow ?? false) - Number(a.hollow ?? false))
          .map(({ value, interval, hollow, name }) =>
            typeof value === 'number' ? (
              <g key={name}>
                <title>{`${name} ${exact(value)}`}</title>
                {interval && (
                  <rect
                    x={`${placeOn(axis, interval[0])}%`}
                    width={`${Math.max(0, placeOn(axis, interval[1]) - placeOn(axis, interval[0])).toFixed(1)}%`}
                  />
                )}
                <circle cx={`${placeOn(axis, value)}%`} className={hollow ? 'hollow' : undefined} />
              </g>
            ) : null,
          )}
      </svg>
    </td>
  );
}
