/**
 * GeoJSON of QuPath (File → Export objects as GeoJSON), a file per image. Coordinates are pixels of the full-resolution
 * image from its top left corner. Cells and other detections count; annotations only where there is nothing else.
 */
import { type Conversion, ConvertError, type GivenFile, parseJson } from './convert.ts';

interface Feature {
  geometry?: { type?: string; coordinates?: unknown } | null;
  properties?: { objectType?: string; object_type?: string; measurements?: unknown } | null;
}

/** Measurements that are a probability of the object: QuPath's StarDist extension writes the first. */
const SCORES = ['Detection probability', 'probability', 'confidence', 'score', 'prob'];

export function addQuPath(file: GivenFile, conversion: Conversion): void {
  const features = featuresOf(parseJson(file), file.name);
  const image = conversion.imageOfFile(file);
  const typeOf = ({ properties }: Feature) => (properties?.objectType ?? properties?.object_type ?? '').toLowerCase();
  const cells = features.filter((feature) => ['detection', 'cell', 'tile'].includes(typeOf(feature)));
  const chosen = cells.length > 0 ? cells : features;
  if (cells.length > 0 && cells.length < features.length)
    conversion.warn('annotations', 'Annotations were left out, since there are detections beside them.');
  for (const [i, feature] of chosen.entries()) {
    const where = `${file.name}, object ${i + 1}`;
    const { type, coordinates: nested } = feature.geometry ?? {};
    if (type !== 'Polygon' && type !== 'MultiPolygon')
      throw new ConvertError(`${where}: its geometry is ${type ?? 'missing'}; expected a Polygon or MultiPolygon.`);
    const parts = (type === 'Polygon' ? [nested] : nested) as unknown;
    if (!Array.isArray(parts)) throw new ConvertError(`${where}: its coordinates are missing.`);
    conversion.addRings(
      image,
      scoreIn(feature, conversion),
      parts.map((rings) => (Array.isArray(rings) ? rings.map((ring) => ringOf(ring, where)) : [])),
    );
  }
}

function featuresOf(document: unknown, name: string): Feature[] {
  if (Array.isArray(document)) return document;
  const { type, features } = (document ?? {}) as { type?: string; features?: unknown };
  if (type === 'FeatureCollection' && Array.isArray(features)) return features;
  if (type === 'Feature') return [document as Feature];
  throw new ConvertError(`${name} is not GeoJSON: expected a FeatureCollection, as QuPath exports it.`);
}

function ringOf(ring: unknown, where: string): number[] {
  const xy: number[] = [];
  if (Array.isArray(ring))
    for (const point of ring) {
      const [x, y] = Array.isArray(point) ? point : [];
      if (!Number.isFinite(x) || !Number.isFinite(y)) throw new ConvertError(`${where}: a corner is not two numbers.`);
      xy.push(x, y);
    }
  // GeoJSON repeats the first corner
  const last = xy.length - 2;
  if (last >= 2 && xy[0] === xy[last] && xy[1] === xy[last + 1]) xy.length = last;
  if (xy.length < 6) throw new ConvertError(`${where}: a ring needs at least three corners.`);
  return xy;
}

/** Measurements are an object, or a list of names and values, by QuPath's version. */
function scoreIn({ properties }: Feature, conversion: Conversion): number {
  const given = properties?.measurements ?? {};
  const pairs: [string, unknown][] = Array.isArray(given)
    ? given.map(({ name, value }: { name: string; value: unknown }) => [name, value])
    : Object.entries(given as object);
  for (const wanted of SCORES)
    for (const [name, value] of pairs)
      if (name.toLowerCase() === wanted.toLowerCase() && typeof value === 'number' && Number.isFinite(value))
        return value;
  conversion.warn(
    'without-scores',
    'Objects without a measurement called “Detection probability” got the score 1: AP ranks them in an arbitrary order.',
  );
  return 1;
}
