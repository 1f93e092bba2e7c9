/**
 * JSON files of one image each, named after it: MMDetection's `preds/*.json`, Segment Anything's records as micro-sam
 * writes them, StarDist's details, and Ultralytics' `results.to_json()`.
 */
import { coordinates } from './coco-results.ts';
import { type Conversion, ConvertError, type GivenFile, parseJson, scoreOf } from './convert.ts';

/** `DetInferencer`: `{labels, scores, bboxes: [[x1, y1, x2, y2]], masks: [RLE]}` (mmdet.apis.DetInferencer.pred2dict). */
export function addMmdetectionPrediction(file: GivenFile, conversion: Conversion): void {
  const { scores, bboxes, masks } = (parseJson(file) ?? {}) as Record<string, unknown>;
  if (!Array.isArray(scores))
    throw new ConvertError(
      `${file.name} is neither *.segm.json nor a prediction of DetInferencer: “scores” is missing. Of pickles (.pkl) nothing is read: run the test with --cfg-options test_evaluator.outfile_prefix=results.`,
    );
  const image = conversion.imageOfFile(file);
  for (const [i, score] of scores.entries()) {
    const where = `${file.name}, detection ${i + 1}`;
    if (Array.isArray(masks)) conversion.addRle(image, scoreOf(score, where), masks[i], where);
    else conversion.addBox(image, scoreOf(score, where), boxOfCorners((bboxes as unknown[] | undefined)?.[i], where));
  }
}

/** `SamAutomaticMaskGenerator.generate` with `output_mode="coco_rle"` or `"uncompressed_rle"`: a list of records. */
export function addSegmentAnything(file: GivenFile, conversion: Conversion): void {
  const records = parseJson(file);
  if (!Array.isArray(records))
    throw new ConvertError(
      `${file.name} is not a list of masks: expected [{"segmentation": …, "predicted_iou": …}, …].`,
    );
  const image = conversion.imageOfFile(file);
  for (const [i, record] of records.entries()) {
    const where = `${file.name}, mask ${i + 1}`;
    const { segmentation, predicted_iou, stability_score } = (record ?? {}) as Record<string, unknown>;
    if (typeof segmentation !== 'object' || segmentation === null || Array.isArray(segmentation))
      throw new ConvertError(`${where}: “segmentation” is no run-length encoding. Write with output_mode="coco_rle".`);
    conversion.addRle(image, scoreOf(predicted_iou ?? stability_score, where), segmentation, where);
  }
}

/**
 * The second result of `StarDist2D.predict_instances`: `coord` [cells × 2 × rays] holds rows, then columns, of each
 * outline; `prob` its probability.
 */
export function addStardistDetails(file: GivenFile, conversion: Conversion): void {
  const { coord, prob } = (parseJson(file) ?? {}) as { coord?: unknown; prob?: unknown };
  if (!Array.isArray(coord) || !Array.isArray(prob))
    throw new ConvertError(
      `${file.name} has no “coord” and “prob”. Write json.dumps({"coord": details["coord"].tolist(), "prob": details["prob"].tolist()}).`,
    );
  if (coord.length !== prob.length)
    throw new ConvertError(`${file.name} has ${coord.length} outlines, but ${prob.length} probabilities.`);
  const image = conversion.imageOfFile(file);
  for (const [i, outline] of coord.entries()) {
    const where = `${file.name}, cell ${i + 1}`;
    const [rows, columns] = Array.isArray(outline) ? (outline as unknown[][]) : [];
    if (!Array.isArray(rows) || rows.length !== columns?.length)
      throw new ConvertError(`${where}: expected as many rows as columns in “coord”.`);
    // a pixel's centre is a whole number there, and half a pixel further in COCO
    const xy = rows.flatMap((row, k) => [Number(columns[k]) + 0.5, Number(row) + 0.5]);
    conversion.addRings(image, scoreOf(prob[i], where), [[coordinates(xy, where)]]);
  }
}

/** `Results.to_json()`: `[{name, class, confidence, box: {x1, …}, segments: {x: [], y: []}}]`. */
export function addUltralyticsResults(file: GivenFile, conversion: Conversion): void {
  const records = parseJson(file);
  if (!Array.isArray(records)) throw new ConvertError(`${file.name} is no list of results.`);
  const image = conversion.imageOfFile(file);
  const size = conversion.size(image);
  for (const [i, record] of records.entries()) {
    const where = `${file.name}, result ${i + 1}`;
    const { confidence, segments, box } = (record ?? {}) as Record<string, unknown>;
    const score = scoreOf(confidence, where);
    const { x, y } = (segments ?? {}) as { x?: number[]; y?: number[] };
    if (Array.isArray(x) && Array.isArray(y)) {
      // normalised with to_json(normalize=True)
      const inPixels = x.some((value) => value > 1) || y.some((value) => value > 1);
      const [width, height] = inPixels ? [1, 1] : [size.width, size.height];
      const xy = x.flatMap((value, k) => [value * width, y[k] * height]);
      conversion.addRings(image, score, [[coordinates(xy, where)]]);
    } else {
      const { x1, y1, x2, y2 } = (box ?? {}) as Record<string, unknown>;
      conversion.addBox(image, score, boxOfCorners([x1, y1, x2, y2], where));
    }
  }
}

/** Return x, y, width, height of a box given by two corners. @throws ConvertError */
function boxOfCorners(corners: unknown, where: string): [number, number, number, number] {
  const [x1, y1, x2, y2] = Array.isArray(corners) ? (corners as number[]) : [];
  if (![x1, y1, x2, y2].every(Number.isFinite))
    throw new ConvertError(`${where}: there is neither a mask nor a box of four numbers.`);
  return [x1, y1, x2 - x1, y2 - y1];
}
