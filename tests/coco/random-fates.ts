/** Rankings and matches at random: what becomes of detections is drawn, without masks and ground truth behind it. */
import { ALL_BITS, type Matches, THRESHOLDS } from '#lib/coco/match.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import type { Ranking } from '#lib/coco/rank.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';
import { Random } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

export const CLASSES = [...PROTOCOLS['livecell-paper'].areaRanges].slice(0, 3);
export interface Case {
  ranking: Ranking;
  matches: Matches;
  /** images of the slice */
  images: number[];
  sizeClass: number;
  maxDets: number;
  weights: number[] | undefined;
  absent: number[] | undefined;
}

export interface Sizes {
  seed: number;
  images: number;
  detections: number;
  scores: number;
  unscored: boolean;
}

export const sizes: fc.Arbitrary<Sizes> = fc.record({
  seed: fc.nat(),
  images: fc.integer({ min: 1, max: 5 }),
  // often more than a few words of bits, at times more than are lined up together
  detections: fc.oneof(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 900, max: 2500 }),
  ),
  scores: fc.constantFrom(1, 3, 40, 1e6),
  unscored: fc.constantFrom(false, false, false, true),
});

export function randomCase({ seed, images, detections, scores, unscored }: Sizes): Case {
  const r = new Random(seed);
  const image = Int32Array.from({ length: detections }, () => r.whole(0, images - 1));
  const score = Float64Array.from(image, () => (unscored ? 1 : r.whole(0, scores - 1) / scores - 0.1));
  const ranking = rankDetections(image, score, images, []);
  if (unscored) ranking.unscored = true;
  // how good the detections are, all alike, the better the higher they score, or some time good and then bad, and how much of them and of their thresholds is ignored
  const good = r.pick([0, 0.3, 0.7, 0.97, 1]);
  const course = r.pick(['even', 'falling', 'alternating']);
  const stretch = r.whole(20, 400);
  const chance = (e: number): number => {
    if (course === 'falling') return good * (ranking.score[e] + 0.1);
    return course === 'alternating' && Math.floor(ranking.place[e] / stretch) % 2 === 0 ? 0 : good;
  };
  const ignored = r.pick([0, 0, 0.02, 0.5, 1]);
  const straight = r.chance(0.5);
  const fate = Int32Array.from({ length: CLASSES.length * detections }, (_, k) => {
    const hits = !r.chance(chance(k % detections)) ? 0 : straight ? ALL_BITS >> r.whole(0, 9) : r.whole(0, ALL_BITS);
    const out = !r.chance(ignored) ? 0 : r.chance(0.6) ? ALL_BITS : r.whole(0, ALL_BITS);
    return hits | (out << 16);
  });
  const missed = r.pick([0, 1, 50, 20000]);
  const countable = new Uint32Array(CLASSES.length * images);
  // no more is found than there is
  for (let c = 0; c < CLASSES.length; c++) {
    for (let i = 0; i < images; i++) {
      const own = fate.subarray(c * detections + ranking.start[i], c * detections + ranking.start[i + 1]);
      const found = own.reduce((sum, of) => sum + Number((of & ALL_BITS & ~(of >> 16)) > 0), 0);
      countable[c * images + i] = found + r.whole(0, missed);
    }
  }
  const matches: Matches = {
    evaluation: 'segm',
    classes: CLASSES,
    fate,
    countable,
    iou: Float64Array.from({ length: detections }, (_, e) => (fate[e] & 1 ? r.pick([0.5, r.between(0.5, 1)]) : 0)),
    object: new Int32Array(detections).fill(-1),
    found: new Uint16Array(0),
  };
  const inside = [...Array(images).keys()].filter(() => r.chance(0.8));
  const weights = r.chance(0.5) ? Array.from({ length: images }, () => r.pick([0, 1, 1, 3])) : undefined;
  return {
    ranking,
    matches,
    images: inside,
    sizeClass: r.whole(0, 2),
    maxDets: r.pick([1, 10, 100, Number.POSITIVE_INFINITY]),
    weights,
    // beyond what is missed there is none left out
    absent: r.chance(0.2) ? Array.from({ length: THRESHOLDS }, () => r.whole(0, 1)) : undefined,
  };
}
