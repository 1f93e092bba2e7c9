/** A histogram of the size of a word, for the cell of a table. Its numbers are on the page, too. */
import { place, type Scale } from './plot.tsx';

interface Props {
  counts: readonly number[];
  /** lower edges, then the upper edge of the last bin */
  edges: readonly number[];
  x: Pick<Scale, 'from' | 'to' | 'log'>;
  color: string;
  /** what it shows, in words */
  say: string;
}

export function SparkHistogram({ counts, edges, x, color, say }: Props) {
  const most = Math.max(...counts, 1);
  const at = (value: number) => place({ ...x, ticks: [], label: '' }, value);
  return (
    <svg className="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={say}>
      <title>{say}</title>
      <line x1="0" x2="100" y1="20" y2="20" stroke="var(--rule-2)" vectorEffect="non-scaling-stroke" />
      {counts.map((count, k) => {
        const height = (19 * count) / most;
        return count > 0 ? (
          <rect
            key={edges[k]}
            x={at(edges[k]).toFixed(1)}
            width={Math.max(0.8, at(edges[k + 1]) - at(edges[k])).toFixed(1)}
            y={(20 - height).toFixed(1)}
            height={height.toFixed(1)}
            fill={color}
          />
        ) : null;
      })}
    </svg>
  );
}
