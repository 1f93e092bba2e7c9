/** Maps the image ids of predictions documents, which may number images their own way, to the data set by file name. */
import type { ImageId, Images } from '#lib/coco/dataset.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import type { ImageRecord } from './reading.ts';

export interface FileImages {
  /** image by the document's id; empty if no name is known, so that the ids must be the data set's */
  byId: Map<ImageId, number>;
  /** the first file name, if none is known */
  unknownFileName?: string;
}

/** Map the images that a document lists to the data set's, by file name. */
export function mapFileImages(records: readonly ImageRecord[], index: ImageResolver): FileImages {
  const byId = new Map<ImageId, number>();
  const listed = index.groups.map((): ImageId[] => []);
  for (const { id, fileName } of records) {
    if (!fileName || (typeof id !== 'number' && typeof id !== 'string')) continue;
    const image = index.ofText(fileName);
    const group = image < 0 && image !== UNKNOWN_IMAGE ? -1 - image : null;
    // if several images share the file, an id of the data set decides
    const own = typeof id === 'number' ? index.ofNumber(id) : index.ofText(id);
    const isOwn = group !== null && index.groups[group].includes(own);
    if (group !== null && !isOwn) listed[group].push(id);
    byId.set(id, isOwn ? own : image);
  }
  // a document with its own ids that lists a file as often as the data set does means one image by each
  for (const [g, ids] of listed.entries()) {
    const group = index.groups[g];
    if (ids.length === group.length) for (const [k, id] of ids.entries()) byId.set(id, group[k]);
  }
  if (byId.size === 0 || [...byId.values()].some((image) => image !== UNKNOWN_IMAGE)) return { byId };
  // if no name is known, the names tell nothing
  return { byId: new Map(), unknownFileName: records.find(({ fileName }) => fileName)?.fileName };
}

/** Warn of images whose size in the document differs from the data set's: masks and boxes may be of resized images. */
export function warnOfSizes(
  records: readonly ImageRecord[],
  { byId }: FileImages,
  images: Images,
  problems: ProblemList,
): void {
  for (const { id, fileName, width, height } of records) {
    const image = byId.get(id) ?? UNKNOWN_IMAGE;
    if (image < 0 || !Number.isFinite(width) || !Number.isFinite(height)) continue;
    if (width === images.width[image] && height === images.height[image]) continue;
    problems.warn(
      'document-image-size',
      'Images have another size in the document than in the data set: write masks and boxes in pixels of the original images.',
      `${quoted(fileName)}: ${width} × ${height} instead of ${images.width[image]} × ${images.height[image]}`,
    );
  }
}
