/** Decision by decision against the reference: overlaps, ignore flags and matches in every image, class and threshold. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { intersection } from '#lib/coco/rle.ts';
import type { ReadPredictions } from '#lib/readers/coco/predictions.ts';
import { maskOf, pack } from '#tests/coco/documents.ts';
import { type Decisions, decisionsOf, firstDifference, type Numbering, numberingOf } from './decisions.ts';
import { GOLDEN, readGolden, readText } from './golden-files.ts';

const PRESETS = [
  ['paper', 'livecell-paper'],
  ['reference', 'livecell-code'],
] as const;

type Details = Record<`${(typeof PRESETS)[number][0]}/${(typeof EVALUATIONS)[number]}`, Decisions[]>;
const golden = readGolden<Details>('tiny/golden_details.json.gz');

let dataset: Dataset;
let predictions: ReadPredictions;
let numbering: Numbering;

beforeAll(async () => {
  const groundTruth = readText(join(GOLDEN, 'tiny/gt.json.gz'));
  const detections = readText(join(GOLDEN, 'tiny/dt.json.gz'));
  ({ dataset, predictions } = await pack(groundTruth, detections));
  numbering = numberingOf(dataset, JSON.parse(groundTruth).annotations, JSON.parse(detections));
});

describe.each(PRESETS)('golden/tiny, %s', (preset, protocol) => {
  test.each(EVALUATIONS)('every decision of %s is the reference’s', (evaluation) => {
    const ours = decisionsOf(dataset, predictions, evaluation, protocol, numbering);
    expect(firstDifference(ours, golden[`${preset}/${evaluation}`])).toBeNull();
  });
});

test('overlaps of all pairs of masks, also those that cannot match, are the reference’s', () => {
  const { objects } = dataset;
  const { detections } = predictions;
  const detectionOf = new Map(numbering.detections.map((id, d) => [id, d]));
  let pairs = 0;
  golden['paper/segm'].forEach((image, i) => {
    image.iou?.forEach((theirs, k) => {
      const d = detectionOf.get(image.dt_sorted_ids[k])!;
      const mask = maskOf(detections, d);
      const ours: [number, number][] = [];
      for (let g = dataset.objectStart[i]; g < dataset.objectStart[i + 1]; g++) {
        const other = maskOf(objects, g);
        const shared = intersection(
          { data: mask, from: 0, to: mask.length },
          { data: other, from: 0, to: other.length },
        );
        if (shared === 0) continue;
        const [a, b] = [detections.maskArea[d], objects.maskArea[g]];
        ours.push([g - dataset.objectStart[i], shared / (objects.crowd[g] ? a : a + b - shared)]);
      }
      expect(ours).toEqual(theirs);
      pairs += ours.length;
    });
  });
  expect(pairs).toBeGreaterThan(500);
});

describe('a difference is named by its place and both values', () => {
  /** The reference's decisions with one thing changed. */
  function changed(change: (images: Decisions[]) => void): string | null {
    const copy = structuredClone(golden['paper/segm']);
    change(copy);
    return firstDifference(copy, golden['paper/segm']);
  }

  test('nothing changed, nothing found', () => {
    expect(changed(() => {})).toBeNull();
  });

  test('a match', () => {
    const found = changed((images) => {
      images[8].areas[2].dt_match[3][1] = 99;
      images[9].areas[0].dt_match[0][0] = 98; // a later image is not the first
    });
    const { image_id, dt_sorted_ids, areas } = golden['paper/segm'][8];
    expect(found).toBe(
      `image ${image_id}, size medium, IoU 0.65, detection ${dt_sorted_ids[1]} (2nd by score): matched annotation is 99, in the reference ${areas[2].dt_match[3][1]}`,
    );
  });

  test('an ignore flag of a detection', () => {
    const found = changed((images) => {
      images[0].areas[1].dt_ignore[9][20] ^= 1;
    });
    expect(found).toMatch(
      /^image 1300011, size small, IoU 0\.95, detection 692 \(21st by score\): ignore flag is [01], in the reference [01]$/,
    );
  });

  test('an ignore flag of ground truth', () => {
    const found = changed((images) => {
      images[0].areas[3].gt_ignore[0] ^= 1;
    });
    expect(found).toMatch(/^image 1300011, size large, annotation \d+: ignore flag is 1, in the reference 0$/);
  });

  test('an overlap that differs in the last digits, or is missed, or is too much', () => {
    const by = (change: (row: [number, number][]) => void): string | null =>
      changed((images) => {
        change(images[0].iou[0]);
      });
    expect(
      by((row) => {
        row[0][1] -= 1e-11;
      }),
    ).toMatch(/^image 1300011, detection 383 \(1st by score\) and annotation \d+: IoU is 0\.99.*, in the reference 1$/);
    expect(by((row) => row.pop())).toMatch(/IoU is below 0\.5, in the reference 1$/);
    expect(by((row) => row.push([20, 0.75]))).toMatch(/IoU is 0\.75, in the reference below 0\.5$/);
  });

  test('the order of detections, a score, an area', () => {
    expect(
      changed((images) => {
        images[0].dt_sorted_ids.reverse();
      }),
    ).toBe('image 1300011, place 1 by score: detection is 192, in the reference 383');
    expect(
      changed((images) => {
        images[0].dt_areas[2]++;
      }),
    ).toBe('image 1300011, detection 912 (3rd by score): area is 501, in the reference 500');
  });

  test('an image that is missing', () => {
    expect(
      changed((images) => {
        images.pop();
      }),
    ).toMatch(/^image number 12 is undefined, in the reference \d+$/);
  });

  test('our own decisions, with one greedy choice undone', () => {
    // what a wrong matcher would produce: the best detection of the first image lets its object go
    const ours = decisionsOf(dataset, predictions, 'segm', 'livecell-paper', numbering);
    const taken = ours[0].areas[0].dt_match[0][0];
    ours[0].areas[0].dt_match[0][0] = 0;
    expect(firstDifference(ours, golden['paper/segm'])).toBe(
      `image 1300011, size all, IoU 0.50, detection 383 (1st by score): matched annotation is 0, in the reference ${taken}`,
    );
  });
});
