/**
 * Test sets of LIVECell's shape, drawn from a model of what makes images of one field alike: matches and scores are
 * drawn, masks are not, and everything from ranking on is the engine's own.
 *
 * A detection's quality is the sum of its cell type's, the growth trend's, its field's, a slow drift of its field over
 * time (autocorrelated from one time point to the next), its crop's, its image's and its own. Two methods see the same
 * cells; their field effects are partly shared.
 */
import { allocateMatches, type Matches, THRESHOLDS } from '#lib/coco/match.ts';
import { IOU_THRESHOLDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import type { Ranking } from '#lib/coco/rank.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';

/** Standard deviations of effects on quality, unless said otherwise. */
export interface Setting {
  name: string;
  /** what it stands for, for the table */
  description: string;
  field: number;
  /** share of the field effect that both methods have in common */
  shared: number;
  /** of the drift, and its correlation from one time point to the next */
  drift: number;
  persistence: number;
  crop: number;
  image: number;
  /** by how much quality falls from the first to the last time point */
  trend: number;
  /** of the logarithm of how dense a field is */
  density: number;
  /** quality of the first method; the second is worse by `gap` */
  quality: number;
  gap: number;
}

const ORDINARY = {
  shared: 0.7,
  field: 0.3,
  drift: 0.15,
  persistence: 0.9,
  crop: 0.1,
  image: 0.15,
  trend: 0.6,
  density: 0.2,
  quality: 1.1,
  gap: 0.15,
};

export const SETTINGS: Setting[] = [
  { ...ORDINARY, name: 'ordinary', description: 'fields, drift, crops and images each differ somewhat' },
  { ...ORDINARY, name: 'fields', description: 'fields differ strongly', field: 0.6, density: 0.4 },
  {
    ...ORDINARY,
    name: 'images',
    description: 'fields hardly differ, images do',
    field: 0.05,
    image: 0.4,
    density: 0.05,
  },
  { ...ORDINARY, name: 'trend', description: 'quality falls strongly as cells grow dense', trend: 1.8 },
  {
    ...ORDINARY,
    name: 'drift',
    description: 'fields drift strongly and slowly',
    drift: 0.5,
    persistence: 0.95,
    field: 0.15,
  },
  { ...ORDINARY, name: 'density', description: 'fields differ strongly in density', density: 0.7 },
  { ...ORDINARY, name: 'poor', description: 'poor methods, AP near 0.15', quality: 0.1, gap: 0.1 },
];

/** Wells of LIVECell's test set, and how dense the type is relative to the mean. */
const TYPES: Record<(typeof CELL_TYPES)[number], { wells: string[]; density: number }> = {
  A172: { wells: ['C7'], density: 0.45 },
  BT474: { wells: ['D3'], density: 0.75 },
  BV2: { wells: ['A4'], density: 3.1 },
  Huh7: { wells: ['A12'], density: 0.4 },
  MCF7: { wells: ['H4'], density: 1.5 },
  SHSY5Y: { wells: ['A10'], density: 1 },
  SkBr3: { wells: ['G3'], density: 1.2 },
  SKOV3: { wells: ['E4', 'F4'], density: 0.4 },
};
const LOCATIONS = [1, 2];
/** every four hours over five days */
const TIME_POINTS = 31;
const CROPS = 2;
/** mean over images, at the middle of the experiment: a tenth and less of LIVECell's, to draw thousands of test sets */
const CELLS = 10;

/** A test set with the matches of two methods. */
export interface TestSet {
  fileNames: string[];
  methods: [Simulated, Simulated];
}

export interface Simulated {
  ranking: Ranking;
  matches: Matches;
}

/** Names of the images of one test set, the same in all. */
export const FILE_NAMES: string[] = CELL_TYPES.flatMap((type) =>
  TYPES[type].wells.flatMap((well) =>
    LOCATIONS.flatMap((location) =>
      Array.from({ length: TIME_POINTS * CROPS }, (_, i) => {
        const hours = 4 * Math.floor(i / CROPS);
        const two = (value: number) => String(value).padStart(2, '0');
        return `${type}_Phase_${well}_${location}_${two(Math.floor(hours / 24))}d${two(hours % 24)}h00m_${1 + (i % CROPS)}.tif`;
      }),
    ),
  ),
);

/** Draws `sets` test sets into one, field after field, each field of each set on its own: very many make the truth. */
export function simulate(setting: Setting, seed: number, sets = 1): TestSet {
  const uniform = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const poisson = (mean: number): number => {
    let count = 0;
    for (let product = uniform(); product > Math.exp(-mean); product *= uniform()) count++;
    return count;
  };
  const pair = (spread: number, shared: number): [number, number] => {
    const common = Math.sqrt(shared) * normal();
    const own = Math.sqrt(1 - shared);
    return [spread * (common + own * normal()), spread * (common + own * normal())];
  };
  const columns = [new Columns(), new Columns()];
  const countable: number[] = [];
  const fileNames: string[] = [];
  for (let set = 0; set < sets; set++) {
    let image = 0;
    for (const type of CELL_TYPES) {
      for (let field = 0; field < TYPES[type].wells.length * LOCATIONS.length; field++) {
        const effect = pair(setting.field, setting.shared);
        const dense = TYPES[type].density * CELLS * Math.exp(setting.density * normal() - setting.density ** 2 / 2);
        const crops = Array.from({ length: CROPS }, () => pair(setting.crop, setting.shared));
        let drift = pair(setting.drift, setting.shared);
        for (let time = 0; time < TIME_POINTS; time++) {
          const through = time / (TIME_POINTS - 1) - 0.5;
          if (time > 0) {
            const step = pair(setting.drift * Math.sqrt(1 - setting.persistence ** 2), setting.shared);
            drift = [setting.persistence * drift[0] + step[0], setting.persistence * drift[1] + step[1]];
          }
          for (let crop = 0; crop < CROPS; crop++) {
            const own = pair(setting.image, setting.shared);
            const cells = poisson(dense * (1 + 1.4 * through));
            countable.push(cells);
            fileNames.push(FILE_NAMES[image++]);
            const quality = columns.map(
              (_, m) =>
                setting.quality -
                m * setting.gap -
                setting.trend * through +
                effect[m] +
                drift[m] +
                crops[crop][m] +
                own[m],
            );
            for (let cell = 0; cell < cells; cell++) {
              const difficulty = normal();
              columns.forEach((column, m) => {
                const logit = quality[m] + 0.8 * difficulty + 0.5 * normal();
                const iou = 1 / (1 + Math.exp(-logit));
                // a cell that is hardly seen is not outlined at all
                if (iou < 0.3) return;
                column.add(countable.length - 1, 0.2 + 0.6 * iou + 0.15 * normal(), iou);
              });
            }
            columns.forEach((column, m) => {
              const invented = poisson(0.15 * cells * Math.exp(-0.5 * (quality[m] - setting.quality)));
              for (let k = 0; k < invented; k++) column.add(countable.length - 1, 0.4 + 0.2 * normal(), 0);
            });
          }
        }
      }
    }
  }
  const methods = columns.map((column) => column.match(countable)) as [Simulated, Simulated];
  return { fileNames, methods };
}

/** Detections being drawn: image, score and IoU with the object that only this one finds. */
class Columns {
  readonly image: number[] = [];
  readonly score: number[] = [];
  readonly iou: number[] = [];

  add(image: number, score: number, iou: number): void {
    this.image.push(image);
    this.score.push(score);
    this.iou.push(iou);
  }

  match(countable: readonly number[]): Simulated {
    const ranking = rankDetections(Int32Array.from(this.image), Float64Array.from(this.score), countable.length, []);
    const classes = [PROTOCOLS['livecell-paper'].areaRanges[0]];
    const matches = allocateMatches('segm', classes, { entries: ranking.count, images: countable.length });
    matches.countable.set(countable);
    for (let e = 0; e < ranking.count; e++) {
      const iou = this.iou[ranking.detection[e]];
      let reached = 0;
      while (reached < THRESHOLDS && iou >= IOU_THRESHOLDS[reached]) reached++;
      matches.fate[e] = (1 << reached) - 1;
    }
    return { ranking, matches };
  }
}
