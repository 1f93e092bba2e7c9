/**
 * COCO results of detectron2 (`coco_instances_results.json`), MMDetection (`*.segm.json`) and Ultralytics
 * (`predictions.json` of `val(save_json=True)`), whose image ids and categories are their own.
 */
import { type Conversion, ConvertError, type Detection, type GivenFile, parseJson, scoreOf } from './convert.ts';

/** Tell whether a JSON value is a list of detections. */
export function isCocoResults(value: unknown): value is unknown[] {
  return (
    Array.isArray(value) && (value.length === 0 || (value[0] as { image_id?: unknown } | null)?.image_id !== undefined)
  );
}

/** Add the detections of a file. @throws ConvertError with the number of the record */
export function addCocoResults(file: GivenFile, conversion: Conversion): void {
  const list = parseJson(file);
  if (!isCocoResults(list))
    throw new ConvertError(
      `${file.name} is not a list of COCO results: expected [{"image_id": …, "score": …, "segmentation": …}, …].`,
    );
  const categories = new Set<unknown>();
  for (const [i, record] of list.entries()) {
    const where = `${file.name}, record ${i + 1}`;
    const { image_id, score, segmentation, bbox, category_id } = (record ?? {}) as Record<string, unknown>;
    if (typeof image_id !== 'number' && typeof image_id !== 'string')
      throw new ConvertError(`${where}: image_id is missing.`);
    categories.add(category_id);
    const image = conversion.imageOf(image_id, where);
    const points = scoreOf(score, where);
    if (Array.isArray(segmentation)) {
      const polygons = segmentation.map((polygon) => coordinates(polygon, where));
      conversion.addRings(
        image,
        points,
        polygons.map((polygon) => [polygon]),
      );
    } else if (segmentation !== undefined && segmentation !== null)
      conversion.addRle(image, points, segmentation, where);
    else conversion.addBox(image, points, boxOf(bbox, where));
  }
  if (categories.size > 1)
    conversion.warn(
      'categories',
      `${file.name} has ${categories.size} categories; all of them became cells, category ${conversion.category}.`,
    );
}

function boxOf(bbox: unknown, where: string): NonNullable<Detection['bbox']> {
  if (Array.isArray(bbox) && bbox.length === 4 && bbox.every((number) => Number.isFinite(number)))
    return bbox as NonNullable<Detection['bbox']>;
  throw new ConvertError(`${where}: there is neither a segmentation nor a bbox of four numbers.`);
}

/** Return the coordinates of a polygon of at least three corners. @throws ConvertError */
export function coordinates(polygon: unknown, where: string): number[] {
  if (
    Array.isArray(polygon) &&
    polygon.length >= 6 &&
    polygon.length % 2 === 0 &&
    polygon.every((number) => Number.isFinite(number))
  )
    return polygon;
  throw new ConvertError(`${where}: a polygon needs at least three corners: x, y, x, y, x, y.`);
}
