/**
 * The look of a chart's n-th series. Colour alone never distinguishes two: lines also differ by dash and marker, bars
 * by hatching. Legend, lines and bars all take their style from here.
 */

export const MAX_SERIES = 6;

interface SeriesStyle {
  readonly color: string;
  /** stroke-dasharray */
  readonly dash: string;
  readonly marker: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'ring';
  /** hatching of a bar: angle in degrees and distance in pixels; none is solid */
  readonly hatch: { readonly angle: number; readonly every: number } | null;
}

export const SERIES_STYLES: readonly SeriesStyle[] = [
  { color: 'var(--series-1)', dash: '0', marker: 'circle', hatch: null },
  { color: 'var(--series-2)', dash: '7 4', marker: 'square', hatch: { angle: 45, every: 5 } },
  { color: 'var(--series-3)', dash: '2 3', marker: 'triangle', hatch: { angle: 0, every: 4 } },
  { color: 'var(--series-4)', dash: '10 3 2 3', marker: 'diamond', hatch: { angle: -45, every: 5 } },
  { color: 'var(--series-5)', dash: '4 2', marker: 'cross', hatch: { angle: 90, every: 4 } },
  { color: 'var(--series-6)', dash: '12 5', marker: 'ring', hatch: { angle: 45, every: 3 } },
];

/** Width of markers, as a multiple of their size. */
export const MARKER_WIDTH = { circle: 1.8, square: 1.7 } as const;

/** The marker of a series; nothing at a position that is not a number. With more than six series, `shape` gives the marker of one series in the colour of another. */
export function Marker({
  cx = 0,
  cy = 0,
  index,
  shape = index,
  size = 4,
  inherit,
}: {
  cx?: number;
  cy?: number;
  index: number;
  shape?: number;
  size?: number;
  /** the element around it has the colour of the series as its fill */
  inherit?: boolean;
}) {
  if (Number.isNaN(cx) || Number.isNaN(cy)) return null;
  const { color } = SERIES_STYLES[index % MAX_SERIES];
  const { marker } = SERIES_STYLES[shape % MAX_SERIES];
  const r = size;
  const fill = inherit ? undefined : color;
  if (marker === 'circle') return <circle cx={cx || undefined} cy={cy || undefined} r={r * 0.9} fill={fill} />;
  if (marker === 'ring')
    return <circle cx={cx} cy={cy} r={r * 0.9} fill="var(--paper)" stroke={color} strokeWidth={1.75} />;
  if (marker === 'cross')
    return (
      <path
        d={`M${cx - r},${cy - r}L${cx + r},${cy + r}M${cx - r},${cy + r}L${cx + r},${cy - r}`}
        stroke={color}
        strokeWidth={2}
      />
    );
  const points = CORNERS[marker].map((offset, i) => Number(((i % 2 ? cy : cx) + r * offset).toFixed(2)));
  return <polygon points={points.join(' ')} fill={fill} />;
}

/** Corners of markers: x and y in turn, from the middle, in units of the size. */
const CORNERS = {
  square: [-0.85, -0.85, 0.85, -0.85, 0.85, 0.85, -0.85, 0.85],
  triangle: [0, -1.15, 1.1, 0.85, -1.1, 0.85],
  diamond: [0, -1.25, 1.25, 0, 0, 1.25, -1.25, 0],
};

/** The fill of a bar: solid, or a hatching defined by `Hatchings` in the same drawing. */
export function barFill(index: number, id: string): string {
  const { color, hatch } = SERIES_STYLES[index % MAX_SERIES];
  return hatch ? `url(#${id}-${index})` : color;
}

export function Hatchings({ count, id }: { count: number; id: string }) {
  return (
    <defs>
      {SERIES_STYLES.slice(0, count).map(({ color, hatch }, index) =>
        hatch ? (
          <pattern
            key={color}
            id={`${id}-${index}`}
            width={hatch.every}
            height={hatch.every}
            patternUnits="userSpaceOnUse"
            patternTransform={`rotate(${hatch.angle})`}
          >
            <rect width={hatch.every} height={hatch.every} fill={color} fillOpacity={0.22} />
            <line x1="0" y1="0" x2="0" y2={hatch.every} stroke={color} strokeWidth={hatch.every * 0.8} />
          </pattern>
        ) : null,
      )}
    </defs>
  );
}

export function Legend({
  names,
  styles,
  kind,
}: {
  names: readonly string[];
  styles?: readonly number[];
  kind: 'line' | 'bar';
}) {
  return (
    <ul className="chart-legend">
      {names.map((name, position) => {
        const index = styles?.[position] ?? position;
        const { color, dash } = SERIES_STYLES[index % MAX_SERIES];
        const id = `legend-${kind}`;
        return (
          // two methods may share a name
          // biome-ignore lint/suspicious/noArrayIndexKey: the order is what identifies a series
          <li key={position} data-series={position}>
            <svg width="30" height="12" aria-hidden="true">
              {kind === 'line' ? (
                <>
                  <line x1="1" x2="29" y1="6" y2="6" stroke={color} strokeWidth="2" strokeDasharray={dash} />
                  <Marker cx={15} cy={6} index={index} />
                </>
              ) : (
                <>
                  <Hatchings count={index + 1} id={`${id}-${index}`} />
                  <rect
                    x="4"
                    y="0.75"
                    width="22"
                    height="10.5"
                    fill={barFill(index, `${id}-${index}`)}
                    stroke={color}
                  />
                </>
              )}
            </svg>
            <span>{name}</span>
          </li>
        );
      })}
    </ul>
  );
}
