/**
 * How long the numbers of a fluorescence series take: `node tests/bench/counts.ts [images]`. Prints milliseconds.
 *
 * Seeded series of several shapes. `bending` is like a real one. The others are the worst: every image has a count of its
 * own, so that no density can be passed over, and no density is rejected: `even` because errors repeat every five images,
 * where neighbours explain as little as the line, `tied` because few values are predicted.
 */
import type { CountRow } from '#lib/livecell/count-row.ts';
import { scoreCounts } from '#lib/scoring/fluorescence.ts';
import { seededRandom } from '#lib/stats/random.ts';

const images = Number(process.argv[2] ?? 5000);
const ROUNDS = 9;

const ERRORS = [0, 30, -30, 60, -60];
const SHAPES: Record<string, (random: () => number, i: number) => { reference: number; predicted: number }> = {
  bending: (random) => {
    const reference = Math.round(50 + 2950 * random());
    const seen = reference < 1800 ? reference : 1800 + 0.4 * (reference - 1800);
    return { reference, predicted: Math.round(seen * (0.95 + 0.1 * random())) };
  },
  even: (random, i) => ({
    reference: 20 * i + ERRORS[i % 5] + Math.round(10 * random()),
    predicted: 20 * i,
  }),
  tied: (random, i) => ({ reference: i, predicted: Math.floor(4 * random()) }),
};

for (const [name, shape] of Object.entries(SHAPES)) {
  const random = seededRandom(1);
  const rows: CountRow[] = Array.from({ length: images }, (_, i) => ({ file: `image-${i}.tif`, ...shape(random, i) }));
  const times: number[] = [];
  let found = scoreCounts(rows);
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    found = scoreCounts(rows);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const limit = `${found.linearityLimit}${found.linearityBroken ? '' : ', never rejected'}`;
  console.log(
    `${name.padEnd(9)} ${images.toLocaleString('en')} images: ${times[0].toFixed(1)} ms at best, ${times[ROUNDS >> 1].toFixed(1)} ms median (limit ${limit})`,
  );
}
