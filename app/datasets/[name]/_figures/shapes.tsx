import { NumbersTable } from '#app/_components/charts/numbers-table.tsx';
import { Figure, fromZero, Line, Plot, Point, place, type Scale } from '#app/_components/charts/plot.tsx';
import { MAX_SERIES, Marker } from '#app/_components/charts/series-style.tsx';
import { INTENSITY_DEFINITIONS, INTENSITY_METRICS } from '#lib/cells/intensity.ts';
import { SHAPE_DEFINITIONS, SHAPE_METRICS } from '#lib/cells/shape.ts';
import type { GroupStatistics, ShapeComponents } from '#lib/datasets/statistics.ts';
import { integer, list } from '#lib/format.ts';
import { nameOf } from '../tables.tsx';

const METRICS = { ...SHAPE_DEFINITIONS, ...INTENSITY_DEFINITIONS };

/** A scale from minus to plus a round number. */
function around(largest: number, label: string): Scale {
  const { to, ticks } = fromZero(largest, label);
  const all = [...ticks.slice(1).map((tick) => -tick), ...ticks].sort((a, b) => a - b);
  return { from: -to, to, ticks: all, label, format: (value) => String(value).replace('-', '−') };
}

/** Move the names at the ends of arrows up or down until those on one side are `least` apart. */
function apart<T extends { x: number; y: number }>(names: readonly T[], least: number): T[] {
  return [names.filter(({ x }) => x < 0), names.filter(({ x }) => x >= 0)].flatMap((side) => {
    const sorted = [...side].sort((a, b) => b.y - a.y);
    const placed: T[] = [];
    for (const name of sorted) {
      const above = placed[placed.length - 1];
      placed.push({ ...name, y: above ? Math.min(name.y, above.y - least) : name.y });
    }
    // move all names halfway back up, to balance those that were pushed down
    const shift = placed.reduce((sum, { y }, i) => sum + sorted[i].y - y, 0) / Math.max(1, placed.length);
    // align a group of touching names with the outermost of them, clear of the arrows' ends
    const outer = (i: number): number => {
      let [from, to] = [i, i];
      while (from > 0 && placed[from].y === placed[from - 1].y - least) from--;
      while (to + 1 < placed.length && placed[to + 1].y === placed[to].y - least) to++;
      const ends = placed.slice(from, to + 1).map(({ x }) => x);
      return placed[i].x < 0 ? Math.min(...ends) : Math.max(...ends);
    };
    return placed.map((name, i) => ({ ...name, x: outer(i), y: name.y + shift }));
  });
}

function Label({ scale, at, name }: { scale: Scale; at: readonly [number, number]; name: string }) {
  const left = at[0] < 0;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
    <svg x={`${place(scale, at[0]).toFixed(2)}%`} y={`${(100 - place(scale, at[1])).toFixed(2)}%`} overflow="visible">
      <text className="plot-name" x={left ? -7 : 7} y={4} textAnchor={left ? 'end' : 'start'}>
        {name}
      </text>
    </svg>
  );
}

/** Eight types share six colours: the seventh and eighth repeat a colour with another marker. */
const look = (index: number) => ({
  style: index % MAX_SERIES,
  shape: (index + 2 * Math.floor(index / MAX_SERIES)) % MAX_SERIES,
});

/** What the figure of components says: its scales, and its result in words; null without components. */
export function readComponents(components: ShapeComponents, groups: readonly GroupStatistics[]) {
  const { scores, explained, loadings, metrics } = components;
  const present = components.groups.flatMap((group, g) => (group ? [{ ...group, g, name: nameOf(groups[g]) }] : []));
  if (present.length === 0) return null;
  const far = (c: 0 | 1) =>
    scores
      ? Math.max(...scores.map((score) => Math.abs(score[c + 1])))
      : Math.max(...present.map(({ mean, sd }) => Math.abs(mean[c]) + sd[c]));
  const axis = (c: 0 | 1): Scale =>
    around(far(c), `Component ${c + 1} (${(100 * explained[c]).toFixed(1)} % of variance)`);
  const heaviest = (c: 0 | 1) =>
    list(
      [...metrics]
        .sort((a, b) => Math.abs(loadings[c][metrics.indexOf(b)]) - Math.abs(loadings[c][metrics.indexOf(a)]))
        .slice(0, 2)
        .map((metric) => METRICS[metric].name.toLowerCase()),
    );
  return {
    present,
    x: axis(0),
    y: axis(1),
    weights: around(Math.max(...loadings.flat().map(Math.abs)), ''),
    title: `${metrics.length > SHAPE_METRICS.length ? 'Shape and brightness' : 'Shape'} of cells, by principal components`,
    sentence: `Two components hold ${(100 * (explained[0] + explained[1])).toFixed(0)} % of what differs between ${integer(components.images)} images; the first is mostly ${heaviest(0)}, the second ${heaviest(1)}.`,
    drawn: scores
      ? `A point is an image: the means of ${metrics.length} metrics over its cells.`
      : 'A cross spans one standard deviation of the images of a type around their mean; single images are not shown, since the annotations are not public.',
    metricName: (m: number) => METRICS[metrics[m]].name,
  };
}

export const WEIGHTS_TITLE = 'What the components are made of';
export const WEIGHTS_SENTENCE =
  'The weight of each standardised metric: arrows that point the same way rise and fall together.';

interface Props {
  components: ShapeComponents;
  groups: readonly GroupStatistics[];
  /** addresses of the two figures as files */
  files: { components: string; weights: string };
}

/** Principal components of the cells' shape and brightness, and the means of each metric (Edlund et al. 2021, Figure 2). */
export function Shapes({ components, groups, files }: Props) {
  const read = readComponents(components, groups);
  if (!read) return null;
  const { present, x, y, title, sentence } = read;
  const { scores, loadings, metrics } = components;
  const pictured = groups.some(({ intensity }) => intensity);
  const arrows = read.weights;
  const number = (value: number) => signed(value, 2);
  return (
    <>
      <Figure
        title={title}
        sentence={`${sentence} ${read.drawn}`}
        files={files.components}
        numbers={{
          head: ['Cell type', 'Component 1, mean', 'SD', 'Component 2, mean', 'SD'],
          rows: present.map(({ name, mean, sd }) => [name, ...[mean[0], sd[0], mean[1], sd[1]].map(number)]),
        }}
      >
        <ul className="chart-legend">
          {present.map(({ g, name }) => (
            <li key={name}>
              <svg width="12" height="12" aria-hidden="true">
                <Marker cx={6} cy={6} index={look(g).style} shape={look(g).shape} />
              </svg>
              <span>{name}</span>
            </li>
          ))}
        </ul>
        <Plot tall x={x} y={y} say={`${title}. ${sentence}`}>
          {scores?.map(([g, px, py], i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: points have no other name
            <Point key={i} x={x} y={y} at={[px, py]} {...look(g)} size={2.6} />
          ))}
          {!scores &&
            present.map(({ g, mean: [mx, my], sd }) => (
              <g key={g}>
                <Line
                  x={x}
                  y={y}
                  points={[
                    [mx - sd[0], my],
                    [mx + sd[0], my],
                  ]}
                  color={`var(--series-${look(g).style + 1})`}
                />
                <Line
                  x={x}
                  y={y}
                  points={[
                    [mx, my - sd[1]],
                    [mx, my + sd[1]],
                  ]}
                  color={`var(--series-${look(g).style + 1})`}
                />
                <Point x={x} y={y} at={[mx, my]} {...look(g)} size={5} />
              </g>
            ))}
          {present.map(({ g, name, mean }) => (
            <Point key={g} x={x} y={y} at={mean} size={0} name={name} />
          ))}
        </Plot>
      </Figure>
      <Figure
        title={WEIGHTS_TITLE}
        sentence={WEIGHTS_SENTENCE}
        files={files.weights}
        numbers={{
          head: ['Metric', 'Component 1', 'Component 2', 'Definition'],
          rows: metrics.map((metric, m) => [
            METRICS[metric].name,
            number(loadings[0][m]),
            number(loadings[1][m]),
            METRICS[metric].definition,
          ]),
        }}
      >
        <div className="loadings">
          <Plot
            tall
            x={{ ...arrows, label: 'Weight in component 1' }}
            y={{ ...arrows, label: 'Weight in component 2' }}
            say={`Weights of ${metrics.length} metrics in the first two components`}
          >
            {metrics.map((metric, m) => {
              const end: [number, number] = [loadings[0][m], loadings[1][m]];
              return (
                <g key={metric}>
                  <Line x={arrows} y={arrows} points={[[0, 0], end]} color="var(--ink-2)" width={1.5} />
                  <Point x={arrows} y={arrows} at={end} style={0} size={3} />
                </g>
              );
            })}
            {apart(
              metrics.map((metric, m) => ({ name: METRICS[metric].name, x: loadings[0][m], y: loadings[1][m] })),
              (arrows.to - arrows.from) / 19,
            ).map(({ name, x, y }) => (
              <Label key={name} scale={arrows} at={[x, y]} name={name} />
            ))}
          </Plot>
        </div>
      </Figure>
      <div className="chart metrics" data-wide>
        <h3>{pictured ? 'Shape and brightness of cells' : 'Shape of cells'}, means over images</h3>
        <p className="muted">
          Lengths and areas in pixels{pictured ? ', intensities in grey values from 0 to 255' : ''}.
        </p>
        <NumbersTable
          title="Means of metrics over images"
          numbers={{
            head: [
              'Cell type',
              ...[...SHAPE_METRICS, ...(pictured ? INTENSITY_METRICS : [])].map((id) => METRICS[id].name),
            ],
            rows: groups.flatMap((group) => {
              const { shape, intensity } = group;
              if (!shape) return [];
              const means = [
                ...SHAPE_METRICS.map((metric) => shape[metric]),
                ...(pictured ? INTENSITY_METRICS.map((metric) => intensity?.[metric] ?? null) : []),
              ];
              return [
                [nameOf(group), ...means.map((mean) => (mean === null ? '–' : signed(mean, mean >= 10 ? 1 : 3)))],
              ];
            }),
          }}
        />
      </div>
    </>
  );
}

/** With a minus sign instead of a hyphen. */
function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}
