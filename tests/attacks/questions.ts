/**
 * Attacks that ask hidden ground truth questions through scores, as functions of what a site answers. Run as a program,
 * it prints how much each recovers: `node tests/attacks/questions.ts [submissions] [seeds]`.
 */
import { pathToFileURL } from 'node:url';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { scoreCounts } from '#lib/scoring/fluorescence.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { type Draw, stepOf, unpublishedReport, widening } from '#lib/tasks/disclosure.ts';
import type { Report, ReportOf } from '#lib/tasks/report.ts';
import { packGroundTruth, packPredictions } from '#tests/coco/documents.ts';
import { someMetrics, someReports } from '#tests/db/fixtures.ts';
import { score } from '#tests/scoring/score.ts';

/** What a site shows of a report; `n` numbers the submissions. */
export type Answer = (report: Report, n: number) => Report;

export const exactly: Answer = (report) => report;
export const rounded: Answer = (report) => unpublishedReport(report);
/** As the site did before, with steps that stay as they are; a stand-in for its secret. */
export const drawn: Answer = (report, n) => unpublishedReport(report, { draw: drawFor(n) });
/** As the site does: the n-th submission comes after n − 1 scored runs of the same person. */
export const widened: Answer = (report, n) => unpublishedReport(report, { draw: drawFor(n), runs: n - 1 });

function drawFor(n: number): Draw {
  const draws = new Map<string, number>();
  const random = seededRandom(n * 7919 + 5);
  return (path) => {
    const known = draws.get(path) ?? random();
    draws.set(path, known);
    return known;
  };
}

export interface Recovered {
  /** questions whose answer the attacker believes to know */
  asked: number;
  right: number;
  /** right answers of somebody who tosses a coin, and twice the standard deviation of their number */
  chance: number;
  twice: number;
}

function tally(guesses: readonly boolean[], truths: readonly boolean[]): Recovered {
  const asked = guesses.length;
  const right = guesses.filter((guess, i) => guess === truths[i]).length;
  return { asked, right, chance: asked / 2, twice: Math.sqrt(asked) };
}

// --- masks: does this candidate lie on an object? ---

const COLUMNS = 58;
const box = (k: number): [number, number, number, number] => [
  (k % COLUMNS) * 12 + 1,
  Math.floor(k / COLUMNS) * 12 + 1,
  8,
  8,
];

/** The rounded numbers of a slice. */
interface Told {
  AP: number | null;
  AFNR: number | null;
}

interface Hidden {
  /** per cell type */
  objects: number;
  /** [types][candidates]: whether there is an object */
  hits: boolean[][];
  /** how many objects missed less count for as much AP as one more hit among these candidates */
  slope: number;
  /** Score candidates of all types at once: [types][candidate] is in the file or not. */
  ask(chosen: readonly (readonly boolean[])[], answer: Answer): Promise<{ types: Told[]; overall: Told }>;
}

/** A test set with an image per cell type, of `objects` objects, and as many candidates, of which half hit. */
export async function hide(objects: number, seed: number): Promise<Hidden> {
  const random = seededRandom(seed);
  const images = CELL_TYPES.map((type, i) => ({
    id: i + 1,
    file_name: `${type}_Phase_A1_1_00d00h00m_1.tif`,
    width: 704,
    height: 520,
  }));
  const hits = CELL_TYPES.map(() => Array.from({ length: objects }, () => random() < 0.5));
  // candidates on even places; objects that no candidate hits on odd ones
  const places = hits.map((own) => own.map((hit, k) => 2 * k + (hit ? 0 : 1)));
  const annotations = places.flatMap((own, i) =>
    own.map((place, k) => {
      const [x, y, w, h] = box(place);
      const segmentation = [[x, y, x + w, y, x + w, y + h, x, y + h]];
      return {
        id: i * objects + k + 1,
        image_id: i + 1,
        category_id: 1,
        iscrowd: 0,
        area: w * h,
        bbox: box(place),
        segmentation,
      };
    }),
  );
  const groundTruth = { images, annotations, categories: [{ id: 1, name: 'cell' }] };
  const dataset = await packGroundTruth(groundTruth);
  let n = 0;
  return {
    objects,
    hits,
    slope: 1,
    async ask(chosen, answer) {
      const detections = chosen.flatMap((own, i) =>
        own.flatMap((is, k) => (is ? [{ image_id: i + 1, category_id: 1, score: 0.5, bbox: box(2 * k) }] : [])),
      );
      // a miss in every file, so that none is empty
      detections.push({ image_id: 1, category_id: 1, score: 0.1, bbox: box(2 * objects + 9) });
      const predictions = await packPredictions(detections, dataset);
      const [results] = await score(dataset, predictions, ['livecell-paper']);
      return toldOf(results, objects, answer, ++n);
    },
  };
}

function toldOf(results: object, objects: number, answer: Answer, n: number) {
  const [about] = someReports();
  const whole = { sha256: 'f'.repeat(64), images: 8, objects: objects * CELL_TYPES.length };
  const report = { ...about, groundTruth: whole, results } as unknown as Report;
  const { cellTypes, overall } = (answer(report, n) as ReportOf<'livecell-wide'>).results.bbox;
  return { types: CELL_TYPES.map((type) => cellTypes[type]!), overall };
}

/** Objects of a cell type in LIVECell’s test set, about. */
export const LIVECELL_OBJECTS = 57_000;

/**
 * The numbers of one slice, computed as scoring does where a detection hits at all IoU thresholds or at none: so many
 * objects as LIVECell has are scored hundreds of times in seconds.
 *
 * @param hits by score
 */
export function metricsOf(hits: ArrayLike<number>, objects: number) {
  const precision = new Float64Array(101);
  let [found, area, reached] = [0, 0, 0];
  for (let k = 0; k < hits.length; k++) found += hits[k];
  const total = found;
  let best = 0;
  for (let k = hits.length - 1; k >= 0; k--) {
    best = Math.max(best, found / (k + 1));
    if (hits[k] === 0) continue;
    area += best;
    // this hit reaches these recalls
    for (let r = Math.floor((100 * found) / objects); r >= 0 && r / 100 > (found - 1) / objects; r--) {
      precision[r] = best;
      reached++;
    }
    found--;
  }
  if (hits.length > 0) precision[0] = best;
  const AP = reached === 0 && total === 0 ? 0 : precision.reduce((sum, one) => sum + one, 0) / 101;
  return { objects, AP, exactAP: area / objects, AFNR: 1 - total / objects };
}

/** What a file has besides the candidates: nothing, or the detections of a strong method below them. */
type Base = 'nothing' | 'strong method';

/** A large test set, by default as large as LIVECell’s, of which `candidates` of each type are asked about. */
export function hideAmongMany(
  candidates: number,
  seed: number,
  { base = 'nothing', objects = LIVECELL_OBJECTS }: { base?: Base; objects?: number } = {},
): Hidden {
  const random = seededRandom(seed);
  const hits = CELL_TYPES.map(() => Array.from({ length: candidates }, () => random() < 0.5));
  // four cells of five are found; of the first detections nearly all are right, of the last one in two
  const below = base === 'nothing' ? [] : CELL_TYPES.map(() => methodOf(objects, random));
  let n = 0;
  return {
    objects,
    hits,
    slope: base === 'nothing' ? 1 : 4.5,
    async ask(chosen, answer) {
      const cellTypes: Record<string, object> = {};
      const all: number[] = [];
      for (const [t, type] of CELL_TYPES.entries()) {
        const asked = chosen[t].flatMap((is, k) => (is ? [Number(hits[t][k])] : []));
        all.push(...asked);
        cellTypes[type] = { ...someMetrics(), ...metricsOf([...asked, ...(below[t] ?? [])], objects) };
      }
      for (let k = 0; k < (below[0]?.length ?? 0); k++) for (const own of below) if (k < own.length) all.push(own[k]);
      const overall = { ...someMetrics(), ...metricsOf(all, objects * CELL_TYPES.length) };
      return toldOf({ bbox: { overall, cellTypes } }, objects, answer, ++n);
    },
  };
}

function methodOf(objects: number, random: () => number): number[] {
  const hits: number[] = [];
  for (let found = 0; found < 0.8 * objects; ) {
    const hit = Number(random() < 0.98 - 0.6 * (found / objects) ** 2);
    found += hit;
    hits.push(hit);
  }
  return hits;
}

/** Of these candidates about half hit: less than the 200 that are half a step. */
const BEGIN = 350;

/**
 * Add candidates until the shown number moves: one more hit moves it then. Ask each further candidate on top of that.
 *
 * @param submissions questions in all
 */
export async function askAtTheEdge(answer: Answer, submissions: number, hidden: Hidden): Promise<Recovered> {
  const objects = hidden.hits[0].length;
  const none = () => CELL_TYPES.map(() => Array<boolean>(objects).fill(false));
  // close to the first edge, which is at half a step of hits
  const base = none().map((own) => own.map((_, k) => k < BEGIN));
  const misses = async (chosen: boolean[][]) => (await hidden.ask(chosen, answer)).types.map(({ AFNR }) => AFNR);
  const last = await misses(base);
  const edge = CELL_TYPES.map(() => -1);
  let used = 1;
  for (let k = BEGIN; used < submissions / 3 && edge.includes(-1); k++, used++) {
    for (const [t, own] of base.entries()) if (edge[t] < 0) own[k] = true;
    const told = await misses(base);
    for (const [t, own] of base.entries()) {
      if (edge[t] >= 0 || told[t] === last[t]) continue;
      own[k] = false;
      edge[t] = k;
    }
  }
  const guesses: boolean[] = [];
  const truths: boolean[] = [];
  for (let k = objects - 1; used < submissions; k--, used++) {
    const asked = base.map((own) => own.map((is, i) => is || i === k));
    const told = await misses(asked);
    for (const [t, edged] of edge.entries()) {
      if (edged < 0 || edged >= k) continue;
      guesses.push(told[t]! < last[t]!);
      truths.push(hidden.hits[t][k]);
    }
  }
  return tally(guesses, truths);
}

/**
 * Send a random half of the candidates again and again, and believe in those whose presence goes with a higher score. All
 * four numbers count for as much as they are worth: a rounded one less, the wider its steps.
 */
export async function askInHalves(
  answer: Answer,
  submissions: number,
  hidden: Hidden,
  random: () => number,
): Promise<Recovered> {
  const { hits, objects, slope } = hidden;
  const candidates = hits[0].length;
  const all = objects * CELL_TYPES.length;
  const asked: boolean[][][] = [];
  const told: Awaited<ReturnType<Hidden['ask']>>[] = [];
  for (let s = 0; s < submissions; s++) {
    asked.push(hits.map(() => halfOf(candidates, random)));
    told.push(await hidden.ask(asked[s], answer));
  }
  const weights = hits.map((own) => own.map(() => 0));
  /** @param unit change of the number by one hit */
  const learn = (said: (number | null)[], unit: number, finest: number, own: number, types: number[]) => {
    const worth = said.map((value, s) => {
      if (value === null) return 0;
      const step = answer === exactly ? 0 : stepOf(finest, own, { wider: answer === widened ? widening(s) : 1 });
      return 1 / (step ** 2 / 6 + (unit ** 2 * candidates * types.length) / 8);
    });
    const sum = worth.reduce((total, one) => total + one, 0);
    const mean = said.reduce<number>((total, value, s) => total + worth[s] * (value ?? 0), 0) / sum;
    for (const [s, value] of said.entries()) {
      if (value === null) continue;
      const sign = worth[s] * (value - mean) * unit;
      for (const t of types) for (let k = 0; k < candidates; k++) weights[t][k] += asked[s][t][k] ? sign : -sign;
    }
  };
  const every = [...CELL_TYPES.keys()];
  for (const [key, perHit] of [
    ['AP', slope],
    ['AFNR', -1],
  ] as const) {
    for (const t of every)
      learn(
        told.map(({ types }) => types[t][key]),
        perHit / objects,
        0.01,
        objects,
        [t],
      );
    learn(
      told.map(({ overall }) => overall[key]),
      perHit / all,
      0.001,
      all,
      every,
    );
  }
  // half of all candidates hit: those with the larger weights
  const guesses = weights.flatMap((own) => {
    const middle = [...own].sort((a, b) => a - b)[own.length >> 1];
    return own.map((weight) => weight > middle);
  });
  return tally(guesses, hits.flat());
}

function halfOf(candidates: number, random: () => number): boolean[] {
  const places = Array.from({ length: candidates }, (_, k) => [random(), k]).sort(([a], [b]) => a - b);
  const chosen = Array<boolean>(candidates).fill(false);
  for (const [, k] of places.slice(0, candidates >> 1)) chosen[k] = true;
  return chosen;
}

/**
 * Send one candidate of each type and nothing else: the precision of the first detection is an AP of 1/101 if it hits,
 * and of 0 if it misses.
 */
export async function askFirst(answer: Answer, submissions: number, seed = 8): Promise<Recovered> {
  const hidden = hideAmongMany(submissions, seed);
  const [guesses, truths] = [[] as boolean[], [] as boolean[]];
  for (let k = 0; k < submissions; k++) {
    const asked = hidden.hits.map((own) => own.map((_, i) => i === k));
    const told = await hidden.ask(asked, answer);
    for (const [t, { AP }] of told.types.entries()) {
      guesses.push((AP ?? 0) > 0);
      truths.push(hidden.hits[t][k]);
    }
  }
  return tally(guesses, truths);
}

/**
 * Find 3,419 objects without a wrong detection, and put a candidate behind them: one more hit reaches a recall of 0.06,
 * and AP jumps by 1/101. The attacker is given the 3,419.
 */
export async function askLast(answer: Answer, submissions: number, seed = 9): Promise<Recovered> {
  const random = seededRandom(seed);
  const before = 0.06 * LIVECELL_OBJECTS - 1;
  const [guesses, truths] = [[] as boolean[], [] as boolean[]];
  const results = (hits: number[]) => {
    const own = { ...someMetrics(), ...metricsOf(hits, LIVECELL_OBJECTS) };
    return { bbox: { overall: own, cellTypes: Object.fromEntries(CELL_TYPES.map((type) => [type, own])) } };
  };
  const miss = metricsOf([...Array(before).fill(1), 0], LIVECELL_OBJECTS);
  for (let n = 1; n <= submissions; n++) {
    const hit = random() < 0.5;
    const { types } = toldOf(results([...Array(before).fill(1), Number(hit)]), LIVECELL_OBJECTS, answer, n);
    guesses.push((types[0].AP ?? 0) > miss.AP + 0.005);
    truths.push(hit);
  }
  return tally(guesses, truths);
}

// --- counts: has this image more than 700 cells? ---

/**
 * Predict far too little everywhere, so that the mean absolute error is known but for a constant; move all predictions
 * until the shown error is about to change. Then mirror one image's prediction at 700: the error falls if it has more.
 */
export async function askErrors(answer: Answer, submissions: number, images = 300, seed = 6): Promise<Recovered> {
  const random = seededRandom(seed);
  const hidden = Array.from({ length: images }, () => Math.floor(random() * 1400));
  const [about] = someReports();
  let n = 0;
  const ask = (predicted: readonly number[]): number | null => {
    const rows = hidden.map((reference, i) => ({
      file: `A172_Phase_A1_1_00d00h${i}m_1.tif`,
      reference,
      predicted: predicted[i],
    }));
    const report = { ...about, task: 'fluorescence-counts', results: { counts: { A172: scoreCounts(rows) } } };
    const told = answer(report as unknown as Report, ++n) as ReportOf<'fluorescence-counts'>;
    return told.results.counts.A172?.meanAbsoluteError ?? null;
  };
  // unlike each other, or one image would carry the spread
  const low = (shift: number) => hidden.map((_, i) => -(i % 8) * 10_000 - shift);
  let [under, over] = [0, 2000];
  const start = ask(low(under));
  for (let i = 0; i < 24; i++) {
    const middle = (under + over) / 2;
    if (ask(low(middle)) === start) under = middle;
    else over = middle;
  }
  const edge = ask(low(over));
  const [guesses, truths] = [[] as boolean[], [] as boolean[]];
  for (let i = 0; n < submissions && i < images; i++) {
    const predicted = low(over);
    predicted[i] = 1400 - predicted[i];
    guesses.push((ask(predicted) ?? 0) < (edge ?? 0));
    truths.push(hidden[i] > 700);
  }
  return tally(guesses, truths);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const submissions = Number(process.argv[2] ?? 300);
  const seeds = Array.from({ length: Number(process.argv[3] ?? 10) }, (_, i) => i + 1);
  const attacks: Record<string, (answer: Answer, seed: number) => Promise<Recovered>> = {
    'at the edge': async (answer, seed) =>
      askAtTheEdge(answer, submissions, hideAmongMany(1000, seed, { objects: 4000 })),
    'in halves, small': async (answer, seed) =>
      askInHalves(answer, submissions, await hide(400, seed), seededRandom(31 * seed)),
    'in halves, LIVECell': async (answer, seed) =>
      askInHalves(answer, submissions, hideAmongMany(400, seed), seededRandom(31 * seed)),
    'in halves, on top of a strong method': async (answer, seed) =>
      askInHalves(answer, submissions, hideAmongMany(400, seed, { base: 'strong method' }), seededRandom(31 * seed)),
    'the first detection': (answer, seed) => askFirst(answer, submissions, seed),
    'the last detection': (answer, seed) => askLast(answer, submissions, seed),
    'errors of counts': (answer, seed) => askErrors(answer, submissions, 300, seed),
  };
  for (const [attack, run] of Object.entries(attacks)) {
    if (process.argv[4] && !attack.includes(process.argv[4])) continue;
    for (const [name, answer] of Object.entries({ exactly, widened })) {
      const all: Recovered[] = [];
      for (const seed of answer === widened ? seeds : seeds.slice(0, 1)) all.push(await run(answer, seed));
      const mean = all.reduce((sum, { right }) => sum + right, 0) / all.length;
      const [{ asked, chance, twice }] = all;
      console.log(
        `${attack}, scores told ${name}: ${mean.toFixed(0)} of ${asked} (${all.map(({ right }) => right).join(', ')}); by chance ${chance} ± ${twice.toFixed(0)}`,
      );
    }
  }
}
