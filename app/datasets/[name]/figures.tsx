import { PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { INTENSITY_DEFINITIONS, INTENSITY_METRICS } from '#lib/cells/intensity.ts';
import { SHAPE_DEFINITIONS, SHAPE_METRICS } from '#lib/cells/shape.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import type { DatasetStatistics, GroupStatistics, ShapeComponents } from '#lib/datasets/statistics.ts';
import { integer, list } from '#lib/format.ts';
import {
  Area,
  Figure,
  fromZero,
  Line,
  type Numbers,
  NumbersTable,
  Plot,
  Point,
  place,
  Rule,
  type Scale,
} from '../../_components/charts/plot.tsx';
import { MAX_SERIES, Marker } from '../../_components/charts/series-style.tsx';
import { TableFrame } from '../../_components/table-frame.tsx';
import { hours, nameOf } from './tables.tsx';

const CLASSES = ['Small', 'Medium', 'Large'] as const;
const LIVECELL = ['livecell-paper', 'livecell-code'] as const;
const METRICS = { ...SHAPE_DEFINITIONS, ...INTENSITY_DEFINITIONS };

/** What the cells of a data set are like: the paper's Figures 1 and 2. */
export function Figures({ statistics }: { statistics: DatasetStatistics }) {
  const { groups, components } = statistics;
  if (groups.length === 0) return null;
  return (
    <section className="section" aria-labelledby="figures">
      <h2 id="figures">Size, density and shape</h2>
      <div className="charts">
        <Sizes statistics={statistics} />
        <CellsPerImage statistics={statistics} />
        <DensityOverTime groups={groups} />
        {components && <Shapes components={components} groups={groups} />}
      </div>
    </section>
  );
}

/** Cells of each size class, by the paper's limits and by those of the authors' code. */
function SizeClasses({ groups }: { groups: readonly GroupStatistics[] }) {
  return (
    <TableFrame label="Table of size classes, scrolls sideways">
      <table>
        <caption className="visually-hidden">Share of small, medium and large cells of each type</caption>
        <thead>
          <tr className="groups">
            <td colSpan={2} />
            {LIVECELL.map((id) => (
              <th key={id} scope="colgroup" colSpan={3}>
                {PROTOCOL_LABELS[id]}, % of cells
              </th>
            ))}
          </tr>
          <tr>
            <th scope="col">Cell type</th>
            <th scope="col" className="num">
              <abbr title="Of the areas given in the annotations">Median area, px</abbr>
            </th>
            {LIVECELL.flatMap((id) =>
              CLASSES.map((name, c) => (
                <th key={id + name} scope="col" className="num">
                  <abbr title={limits(id, c)}>{name}</abbr>
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={nameOf(group)}>
              <th scope="row">{nameOf(group)}</th>
              <td className="num">{group.area.median === null ? '–' : integer(group.area.median)}</td>
              {LIVECELL.flatMap((id) =>
                CLASSES.map((name, c) => (
                  <td key={id + name} className="num" title={`${integer(group.sizeClasses[id][c])} cells`}>
                    {share(group.sizeClasses[id][c], group.objects)}
                  </td>
                )),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function limits(id: (typeof LIVECELL)[number], c: number): string {
  const { min, max } = PROTOCOLS[id].areaRanges[c + 1];
  return c === 0
    ? `up to ${integer(max)} px`
    : c === 2
      ? `from ${integer(min)} px`
      : `${integer(min)} to ${integer(max)} px`;
}

/** With a minus sign instead of a hyphen. */
function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}

function share(count: number, of: number): string {
  return of > 0 ? ((100 * count) / of).toFixed(1) : '–';
}

/** The outline of a histogram, closed at the bottom. */
function steps(counts: readonly number[], edges: readonly number[], of: number): [number, number][] {
  const points: [number, number][] = [[edges[0], 0]];
  counts.forEach((count, k) => {
    points.push([edges[k], (100 * count) / of], [edges[k + 1], (100 * count) / of]);
  });
  points.push([edges[counts.length], 0]);
  return points;
}

/** A histogram's rows from its first to its last bin that holds anything in any group. */
function bins(histograms: readonly (readonly number[])[]): [from: number, to: number] {
  const used = histograms.flatMap((counts) => counts.flatMap((count, k) => (count > 0 ? [k] : [])));
  return used.length > 0 ? [Math.min(...used), Math.max(...used) + 1] : [0, 1];
}

function histogramNumbers(
  groups: readonly GroupStatistics[],
  histograms: readonly (readonly number[])[],
  edges: readonly number[],
  head: string,
): Numbers {
  const [from, to] = bins(histograms);
  return {
    head: [head, ...groups.map(nameOf)],
    rows: Array.from({ length: to - from }, (_, i) => [
      `${integer(edges[from + i])} to ${integer(edges[from + i + 1])}`,
      ...histograms.map((counts) => integer(counts[from + i])),
    ]),
  };
}

function Sizes({ statistics: { groups, areaEdges } }: { statistics: DatasetStatistics }) {
  const withCells = groups.filter(({ objects }) => objects > 0);
  if (withCells.length === 0) return null;
  const histograms = withCells.map(({ area }) => area.histogram);
  const [first, last] = bins(histograms);
  const x: Scale = {
    from: areaEdges[first],
    to: areaEdges[last],
    log: true,
    ticks: [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000].filter(
      (tick) => tick >= areaEdges[first] * 0.999 && tick <= areaEdges[last] * 1.001,
    ),
    label: 'Area, pixels (log axis)',
  };
  const top = Math.max(...withCells.map(({ area, objects }) => (100 * Math.max(...area.histogram)) / objects));
  const y = fromZero(top, 'Cells, %');
  const [smallest, largest] = extremes(withCells, ({ area }) => area.median ?? 0);
  const [low, high] = [1, 2].map((c) => PROTOCOLS['livecell-paper'].areaRanges[c].max);
  const [codeLow, codeHigh] = [1, 2].map((c) => PROTOCOLS['livecell-code'].areaRanges[c].max);
  const compared =
    smallest === largest
      ? `The median cell has ${integer(smallest.area.median ?? 0)} pixels.`
      : `The median cell has ${integer(smallest.area.median ?? 0)} pixels in ${nameOf(smallest)} and ${integer(largest.area.median ?? 0)} in ${nameOf(largest)}.`;
  return (
    <Figure
      wide
      title="Sizes of cells"
      sentence={
        <>
          {compared} Dashed lines part small, medium and large by the paper’s protocol ({low} and {integer(high)} px),
          dotted ones by the released code’s ({codeLow} and {codeHigh} px); shares are the paper’s.
        </>
      }
      numbers={histogramNumbers(withCells, histograms, areaEdges, 'Area, px')}
    >
      <div className="panels">
        {withCells.map((group) => {
          const shares = group.sizeClasses['livecell-paper'].map((count) => share(count, group.objects));
          const said = CLASSES.map((name, c) => `${shares[c]}\u00a0%\u00a0${name.toLowerCase()}`).join(', ');
          return (
            <div key={nameOf(group)}>
              <h4>
                {nameOf(group)} <small>{said}</small>
              </h4>
              <Plot x={x} y={y} say={`Areas of ${nameOf(group)}: ${said}`}>
                <Area x={x} y={y} points={steps(group.area.histogram, areaEdges, group.objects)} opacity={0.35} />
                <Line x={x} y={y} points={steps(group.area.histogram, areaEdges, group.objects)} width={1.25} />
                {[codeLow, codeHigh].map((at) => (
                  <Rule key={at} x={x} at={at} dash="1 3" />
                ))}
                {[low, high].map((at) => (
                  <Rule key={at} x={x} at={at} dash="5 3" />
                ))}
              </Plot>
            </div>
          );
        })}
      </div>
      <div className="size-classes">
        <SizeClasses groups={withCells} />
      </div>
    </Figure>
  );
}

function CellsPerImage({ statistics: { groups: all, countEdges } }: { statistics: DatasetStatistics }) {
  const groups = all.flatMap((group) => {
    const { histogram } = group.cellsPerImage;
    return histogram ? [{ ...group, histogram }] : [];
  });
  if (groups.length === 0) return null;
  const histograms = groups.map(({ histogram }) => histogram);
  const x = { ...fromZero(countEdges[countEdges.length - 1], 'Cells per image') };
  const top = Math.max(...groups.map(({ histogram, images }) => (100 * Math.max(...histogram)) / images));
  const y = fromZero(top, 'Images, %');
  const [fewest, most] = extremes(groups, ({ cellsPerImage }) => cellsPerImage.mean);
  const mean = (group: GroupStatistics) => group.cellsPerImage.mean.toFixed(1);
  return (
    <Figure
      wide
      title="Cells per image"
      sentence={
        fewest === most
          ? `An image has ${mean(most)} cells on average.`
          : `From ${mean(fewest)} cells per image on average (${nameOf(fewest)}) to ${mean(most)} (${nameOf(most)}).`
      }
      numbers={histogramNumbers(groups, histograms, countEdges, 'Cells, the upper end excluded')}
    >
      <div className="panels">
        {groups.map((group) => (
          <div key={nameOf(group)}>
            <h4>
              {nameOf(group)} <small>{mean(group)} on average</small>
            </h4>
            <Plot x={x} y={y} say={`Cells per image of ${nameOf(group)}: ${mean(group)} on average`}>
              <Area x={x} y={y} points={steps(group.histogram, countEdges, group.images)} opacity={0.35} />
              <Line x={x} y={y} points={steps(group.histogram, countEdges, group.images)} width={1.25} />
            </Plot>
          </div>
        ))}
      </div>
    </Figure>
  );
}

function DensityOverTime({ groups }: { groups: readonly GroupStatistics[] }) {
  const timed = groups.filter(({ density }) => density.length > 1);
  if (timed.length === 0) return null;
  const x = {
    ...fromZero(Math.max(...timed.map(({ density }) => density[density.length - 1].hours)), 'Hours since seeding'),
  };
  const growth = (group: GroupStatistics) => group.density[group.density.length - 1].mean / group.density[0].mean;
  const grown = timed.filter((group) => Number.isFinite(growth(group)));
  const [, fastest] = extremes(grown.length > 0 ? grown : timed, growth);
  return (
    <Figure
      wide
      title="Density over time"
      sentence={
        <>
          Mean number of cells per image with its standard error; each type has its own scale.
          {Number.isFinite(growth(fastest)) &&
            growth(fastest) > 1 &&
            ` ${nameOf(fastest)} grows most between its first and its last time point, by a factor of ${growth(fastest).toFixed(1)}.`}
        </>
      }
      numbers={{
        head: ['Cell type and hours', 'Images', 'Cells', 'Cells per image', 'Standard error'],
        rows: timed.flatMap((group) =>
          group.density.map(({ hours: at, images, mean, sem }) => [
            `${nameOf(group)}, ${hours(at)} h`,
            integer(images),
            integer(Math.round(images * mean)),
            mean.toFixed(1),
            sem === null ? '–' : sem.toFixed(1),
          ]),
        ),
      }}
    >
      <div className="panels">
        {timed.map((group) => {
          const { density } = group;
          const y = fromZero(Math.max(...density.map(({ mean, sem }) => mean + (sem ?? 0))), 'Cells per image');
          const band: [number, number][] = [
            ...density.map(({ hours, mean, sem }): [number, number] => [hours, mean + (sem ?? 0)]),
            ...density.map(({ hours, mean, sem }): [number, number] => [hours, mean - (sem ?? 0)]).reverse(),
          ];
          const [first, last] = [density[0], density[density.length - 1]];
          return (
            <div key={nameOf(group)}>
              <h4>{nameOf(group)}</h4>
              <Plot
                x={x}
                y={y}
                say={`${nameOf(group)}: ${first.mean.toFixed(1)} cells per image at ${hours(first.hours)} hours, ${last.mean.toFixed(1)} at ${hours(last.hours)} hours`}
              >
                <Area x={x} y={y} points={band} />
                <Line x={x} y={y} points={density.map(({ hours, mean }) => [hours, mean])} />
                {density.map(({ hours, mean }) => (
                  <Point key={hours} x={x} y={y} at={[hours, mean]} style={0} size={2.5} />
                ))}
              </Plot>
            </div>
          );
        })}
      </div>
    </Figure>
  );
}

/** The group with the smallest and the one with the largest value. */
function extremes(groups: readonly GroupStatistics[], value: (group: GroupStatistics) => number) {
  const sorted = [...groups].sort((a, b) => value(a) - value(b));
  return [sorted[0], sorted[sorted.length - 1]];
}

/** A scale from minus to plus a round number. */
function around(largest: number, label: string): Scale {
  const { to, ticks } = fromZero(largest, label);
  const all = [...ticks.slice(1).map((tick) => -tick), ...ticks].sort((a, b) => a - b);
  return { from: -to, to, ticks: all, label, format: (value) => String(value).replace('-', '−') };
}

/** Names at the ends of arrows, moved up or down until those on one side are `least` apart. */
function apart<T extends { x: number; y: number }>(names: readonly T[], least: number): T[] {
  return [names.filter(({ x }) => x < 0), names.filter(({ x }) => x >= 0)].flatMap((side) => {
    const sorted = [...side].sort((a, b) => b.y - a.y);
    const placed: T[] = [];
    for (const name of sorted) {
      const above = placed[placed.length - 1];
      placed.push({ ...name, y: above ? Math.min(name.y, above.y - least) : name.y });
    }
    // names pushed down take half of the way back together with those that pushed them
    const shift = placed.reduce((sum, { y }, i) => sum + sorted[i].y - y, 0) / Math.max(1, placed.length);
    // those that were pushed begin where the outermost of them does, clear of the arrows' ends
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

/** Eight types, six colours: the seventh and eighth have a colour with another's marker. */
const look = (index: number) => ({
  style: index % MAX_SERIES,
  shape: (index + 2 * Math.floor(index / MAX_SERIES)) % MAX_SERIES,
});

function Shapes({ components, groups }: { components: ShapeComponents; groups: readonly GroupStatistics[] }) {
  const { scores, explained, loadings, metrics } = components;
  const present = components.groups.flatMap((group, g) => (group ? [{ ...group, g, name: nameOf(groups[g]) }] : []));
  if (present.length === 0) return null;
  const far = (c: 0 | 1) =>
    scores
      ? Math.max(...scores.map((score) => Math.abs(score[c + 1])))
      : Math.max(...present.map(({ mean, sd }) => Math.abs(mean[c]) + sd[c]));
  const axis = (c: 0 | 1): Scale =>
    around(far(c), `Component ${c + 1} (${(100 * explained[c]).toFixed(1)} % of variance)`);
  const [x, y] = [axis(0), axis(1)];
  const heaviest = (c: 0 | 1) =>
    list(
      [...metrics]
        .sort((a, b) => Math.abs(loadings[c][metrics.indexOf(b)]) - Math.abs(loadings[c][metrics.indexOf(a)]))
        .slice(0, 2)
        .map((metric) => METRICS[metric].name.toLowerCase()),
    );
  const pictured = groups.some(({ intensity }) => intensity);
  const title = `${metrics.length > SHAPE_METRICS.length ? 'Shape and brightness' : 'Shape'} of cells, by principal components`;
  const sentence = `Two components hold ${(100 * (explained[0] + explained[1])).toFixed(0)} % of what differs between ${integer(components.images)} images; the first is mostly ${heaviest(0)}, the second ${heaviest(1)}. `;
  const arrows = around(Math.max(...loadings.flat().map(Math.abs)), '');
  const number = (value: number) => signed(value, 2);
  return (
    <>
      <Figure
        title={title}
        sentence={
          <>
            {sentence}
            {scores
              ? `A point is an image: the means of ${metrics.length} metrics over its cells.`
              : 'A cross spans one standard deviation of the images of a type around their mean; single images are not shown, since the annotations are not public.'}
          </>
        }
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
        title="What the components are made of"
        sentence="The weight of each standardised metric: arrows that point the same way rise and fall together."
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
