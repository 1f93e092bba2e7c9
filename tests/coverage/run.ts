/**
 * `npm run coverage`: how often nominal 95 % intervals hold the truth, on simulated test sets of LIVECell's shape whose
 * truth is known (`simulate.ts`), through the engine's own AP.
 *
 *   npm run coverage                          all settings, 1,000 test sets each
 *   npm run coverage -- --runs 200            fewer
 *   npm run coverage -- --settings drift,poor some settings
 *   npm run coverage -- --draws 200           draws of the two bootstraps
 *   npm run coverage -- --rival-runs 150      bootstraps of the first test sets alone: they take ten times as long
 *
 * Prints a Markdown table: of the jackknife over fields (what reports carry), the bootstrap of images and that of day
 * blocks, for pooled AP, the mean over cell types, and the paired difference of two methods in both.
 */
import { parseArgs } from 'node:util';
import { sliceOf } from '#lib/coco/accumulate.ts';
import { accumulateReplicates } from '#lib/coco/replicates.ts';
import { CELL_TYPES, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { findFields } from '#lib/scoring/fields.ts';
import { compareReplicated, type Interval, jackknifeInterval, type Replicated } from '#lib/scoring/jackknife.ts';
import { replicateSlice } from '#lib/scoring/replicates.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { byBlock, byImage, type Drawn, drawUnits, interval95 } from './rivals.ts';
import { FILE_NAMES, SETTINGS, type Setting, type Simulated, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    settings: { type: 'string', default: SETTINGS.map(({ name }) => name).join(',') },
    draws: { type: 'string', default: '200' },
    'rival-runs': { type: 'string' },
    /** test sets that are pooled for the truth */
    truth: { type: 'string', default: '400' },
  },
});
const [runs, draws, truthSets] = [values.runs, values.draws, values.truth].map(Number);

const rivalRuns = Math.min(runs, Number(values['rival-runs'] ?? runs));

const MAX_DETS = 3000;
const QUANTITIES = ['pooled', 'mean', 'pooled difference', 'mean difference'] as const;
type Quantity = (typeof QUANTITIES)[number];
const METHODS = ['jackknife', 'images', 'blocks'] as const;
type Method = (typeof METHODS)[number];

/** AP of all images and the mean over cell types, by replicate or draw. */
interface Numbers {
  pooled: Float64Array;
  mean: Float64Array;
}

/** All images, then those of each type. */
function imageLists(fileNames: readonly string[]): Uint32Array[] {
  const types = fileNames.map(cellTypeOf);
  return [
    Uint32Array.from(fileNames.keys()),
    ...CELL_TYPES.map((type) => Uint32Array.from(fileNames.keys()).filter((i) => types[i] === type)),
  ];
}

const lists = imageLists(FILE_NAMES);

/** AP under the given weights of units. */
function weighted(
  { ranking, matches }: Simulated,
  images: readonly Uint32Array[],
  { unitOf, weights, replicates }: { unitOf: Uint16Array; weights: Uint8Array; replicates: number },
): Numbers {
  const units = weights.length / replicates;
  const [pooled, ...types] = images.map((some) => {
    const slice = sliceOf(ranking, some, ranking.start.length - 1);
    return accumulateReplicates({ matches, ranking, slice }, MAX_DETS, { unitOf, units, replicates, weights }).AP;
  });
  return { pooled, mean: pooled.map((_, k) => types.reduce((sum, AP) => sum + AP[k], 0) / types.length) };
}

/** The number of all images, by the same way. */
function plain(method: Simulated, images: readonly Uint32Array[]): { pooled: number; mean: number } {
  const unitOf = new Uint16Array(method.ranking.start.length - 1);
  const { pooled, mean } = weighted(method, images, { unitOf, weights: Uint8Array.of(1), replicates: 1 });
  return { pooled: pooled[0], mean: mean[0] };
}

function truthOf(setting: Setting): Record<Quantity, number> {
  const { fileNames, methods } = simulate(setting, 1, truthSets);
  const images = imageLists(fileNames);
  const [a, b] = methods.map((method) => plain(method, images));
  return {
    pooled: a.pooled,
    mean: a.mean,
    'pooled difference': a.pooled - b.pooled,
    'mean difference': a.mean - b.mean,
  };
}

function jackknife(methods: readonly Simulated[]): Record<Quantity, Interval> {
  const fields = findFields(FILE_NAMES, methods[0].matches.countable);
  const [a, b] = methods.map((method): Record<'pooled' | 'mean', Replicated> => {
    const value = plain(method, lists);
    const [pooled, ...types] = lists.map(
      (images) => replicateSlice(method, images, fields, { maxDets: MAX_DETS, own: [] }).without,
    );
    return {
      pooled: { value: value.pooled, replicates: pooled.map(({ AP }) => AP) },
      mean: {
        value: value.mean,
        replicates: pooled.map((_, unit) => types.reduce((sum, type) => sum + type[unit].AP!, 0) / types.length),
      },
    };
  });
  const interval = ({ value, replicates }: Replicated) => jackknifeInterval(value, replicates, fields.strata)!;
  const difference = (key: 'pooled' | 'mean') => compareReplicated(a[key], b[key], fields.strata, 'higher')!.interval;
  return {
    pooled: interval(a.pooled),
    mean: interval(a.mean),
    'pooled difference': difference('pooled'),
    'mean difference': difference('mean'),
  };
}

function bootstrap(methods: readonly Simulated[], drawn: Drawn, random: () => number): Record<Quantity, Interval> {
  const weights = drawUnits(drawn, draws, random);
  const [a, b] = methods.map((method) => weighted(method, lists, { unitOf: drawn.unitOf, weights, replicates: draws }));
  const difference = (key: 'pooled' | 'mean') => interval95(a[key].map((value, k) => value - b[key][k]));
  return {
    pooled: interval95(a.pooled),
    mean: interval95(a.mean),
    'pooled difference': difference('pooled'),
    'mean difference': difference('mean'),
  };
}

function share(held: number, of: number): string {
  return ((100 * held) / of).toFixed(1);
}

const chosen = values.settings.split(',').map((name) => {
  const setting = SETTINGS.find((one) => one.name === name);
  if (!setting)
    throw new Error(`There is no setting ${name}; there are ${SETTINGS.map((one) => one.name).join(', ')}.`);
  return setting;
});
const rivals: Record<Exclude<Method, 'jackknife'>, Drawn> = {
  images: byImage(FILE_NAMES),
  blocks: byBlock(FILE_NAMES),
};

console.log(`${runs} test sets per setting; the truth from ${truthSets} test sets.`);
console.log(`Bootstraps: the first ${rivalRuns} test sets, ${draws} draws each.`);
console.log(`Per cent of nominal 95 % intervals that hold the truth: ${METHODS.join(' / ')}.\n`);
console.log(`| setting | AP | ${QUANTITIES.join(' | ')} |`);
console.log(`| --- | --- | ${QUANTITIES.map(() => '---').join(' | ')} |`);
for (const [s, setting] of chosen.entries()) {
  const truth = truthOf(setting);
  const held = Object.fromEntries(METHODS.map((method) => [method, new Map<Quantity, number>()]));
  for (let run = 0; run < runs; run++) {
    const seed = 1000003 * (SETTINGS.indexOf(setting) + 1) + 7919 * run;
    const { methods } = simulate(setting, seed);
    const random = seededRandom(seed + 1);
    for (const method of METHODS) {
      if (method !== 'jackknife' && run >= rivalRuns) continue;
      const found = method === 'jackknife' ? jackknife(methods) : bootstrap(methods, rivals[method], random);
      for (const quantity of QUANTITIES) {
        const [low, high] = found[quantity];
        const holds = low <= truth[quantity] && truth[quantity] <= high;
        held[method].set(quantity, (held[method].get(quantity) ?? 0) + Number(holds));
      }
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${s + 1} of ${chosen.length}: ${run + 1} of ${runs} `);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const cells = QUANTITIES.map((quantity) =>
    METHODS.map((method) => share(held[method].get(quantity)!, method === 'jackknife' ? runs : rivalRuns)).join(' / '),
  );
  console.log(`| ${setting.name}: ${setting.description} | ${truth.pooled.toFixed(2)} | ${cells.join(' | ')} |`);
}
