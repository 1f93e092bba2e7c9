/**
 * Random cases that the reference has answered, kept so that nobody needs Python: crowds, ties, empty masks, all three
 * encodings, other categories, areas on limits, boxes off the image, detections with and without boxes.
 * `npm run parity -- --cases 60 --keep 60` makes them anew, and asks about any number of others.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EVALUATIONS, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { pack } from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';
import { differences } from './compare.ts';
import { GOLDEN, type GoldenProtocol, readJson } from './golden-files.ts';
import type { RandomCase } from './random-case.ts';

const cases = readJson<(RandomCase & { reference: Record<ProtocolId, GoldenProtocol> })[]>(
  join(GOLDEN, '..', 'parity', 'random.json.gz'),
);

test.each(cases.map((_, k) => k))('random case %i', async (k) => {
  const { gt, dt, reference } = cases[k];
  const { dataset, predictions } = await pack(gt, dt);
  const results = await score(dataset, predictions, PROTOCOL_IDS);
  const slices = [...imageSlices(dataset.images.fileNames).keys()];
  const found = PROTOCOL_IDS.flatMap((protocol, p) =>
    EVALUATIONS.flatMap((evaluation) =>
      slices.flatMap((slice) => {
        const { overall, by_type } = reference[protocol][evaluation];
        const ours = results[p][evaluation];
        return differences(
          slice === 'overall' ? ours?.overall : ours?.cellTypes[slice],
          slice === 'overall' ? overall : by_type[slice],
          protocol,
          `${protocol} ${evaluation} ${slice}`,
        );
      }),
    ),
  );
  expect(found.slice(0, 20)).toEqual([]);
});
