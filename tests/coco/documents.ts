/** Small COCO documents for tests, and the short way from a document to packed data. */

import type { Dataset, Objects, Predictions } from '#lib/coco/dataset.ts';
import { allocateMatches, areaClasses, type Matches, matchImage } from '#lib/coco/match.ts';
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import type { Ranking } from '#lib/coco/rank.ts';
import { readGroundTruth } from '#lib/readers/coco/ground-truth.ts';
import { type ReadPredictions, readPredictions } from '#lib/readers/coco/predictions.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';

export interface Rle {
  size: [height: number, width: number];
  counts: string | number[];
}
export interface Annotation {
  id?: number;
  image_id: number | string;
  category_id?: number;
  segmentation?: Rle | number[][];
  bbox?: number[];
  area?: number;
  iscrowd?: number;
}
export interface Detection {
  image_id: number | string;
  category_id?: number;
  score: number;
  mask_score?: number;
  segmentation?: Rle | number[][];
  bbox?: number[];
}
export interface Image {
  id: number | string;
  file_name: string;
  width: number;
  height: number;
}
export interface GroundTruth {
  images: Image[];
  categories?: { id: number; name: string }[];
  annotations: Annotation[];
}

/** A document as the bytes of a file; text is taken as it is. */
export function bytesOf(document: unknown): Uint8Array {
  return new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
}

/** @throws FileRejected */
export function packGroundTruth(document: unknown): Promise<Dataset> {
  return readGroundTruth(
    () => [bytesOf(document)],
    () => 'sha256 of a test',
  );
}

/** @throws FileRejected */
export function packPredictions(document: unknown, dataset: Dataset): Promise<ReadPredictions> {
  return readPredictions(() => [bytesOf(document)], { images: dataset.images, category: dataset.meta.category });
}

export async function pack(
  groundTruth: unknown,
  predictions: unknown,
): Promise<{ dataset: Dataset; predictions: ReadPredictions }> {
  const dataset = await packGroundTruth(groundTruth);
  return { dataset, predictions: await packPredictions(predictions, dataset) };
}

/** What `score` does before it summarizes. */
export function match(
  dataset: Dataset,
  { detections, groups }: Predictions,
  evaluation: Evaluation,
  protocols: readonly ProtocolId[],
): { ranking: Ranking; matches: Matches } {
  const images = dataset.images.ids.length;
  const score = evaluation === 'segm' ? detections.maskScore : detections.score;
  const ranking = rankDetections(detections.image, score, images, groups);
  const matches = allocateMatches(evaluation, areaClasses(protocols), { entries: ranking.count, images });
  for (let i = 0; i < images; i++) matchImage({ dataset, detections, ranking, matches }, i);
  return { ranking, matches };
}

/** The intervals of one object's mask. */
export function maskOf(objects: Objects, k: number): Uint32Array {
  return objects.intervals[objects.part[k]].subarray(objects.maskStart[k], objects.maskEnd[k]);
}

/** Corners of an upright rectangle as a polygon. Its mask has exactly width × height pixels when all are whole. */
export function rectangle(x: number, y: number, width: number, height: number): number[][] {
  return [[x, y, x, y + height, x + width, y + height, x + width, y]];
}

/** Detections that are the ground truth itself, with falling scores. */
export function perfect(groundTruth: GroundTruth): Detection[] {
  return groundTruth.annotations.map(({ image_id, segmentation, bbox }, k) => ({
    image_id,
    category_id: 1,
    segmentation,
    bbox,
    score: 0.99 - k / (2 * groundTruth.annotations.length),
  }));
}

/** Two images of two cell types with five rectangular cells of 15 × 12 pixels. */
export function fiveCells(): GroundTruth {
  const cell = (id: number, image_id: number, x: number, y: number): Annotation => ({
    id,
    image_id,
    category_id: 1,
    iscrowd: 0,
    area: 180,
    bbox: [x, y, 15, 12],
    segmentation: rectangle(x, y, 15, 12),
  });
  return {
    images: [
      { id: 1, width: 80, height: 60, file_name: 'A172_Phase_C7_1_00d00h00m_1.tif' },
      { id: 2, width: 80, height: 60, file_name: 'BV2_Phase_A4_1_00d00h00m_1.tif' },
    ],
    categories: [{ id: 1, name: 'cell' }],
    annotations: [cell(11, 1, 5, 5), cell(12, 1, 30, 5), cell(13, 1, 55, 5), cell(14, 2, 5, 30), cell(15, 2, 40, 30)],
  };
}
