import { orderEntries, type Ranking, rankWithinImages } from '#lib/coco/rank.ts';

/** The whole ranking: within images and across them. Parameters as of `rankWithinImages`. */
export function rankDetections(...of: Parameters<typeof rankWithinImages>): Ranking {
  const ranking = rankWithinImages(...of);
  orderEntries(ranking);
  return ranking;
}
