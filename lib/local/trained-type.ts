/** Checks that a model's file is in the slot of the cell type it was trained on. */

import type { Images } from '#lib/coco/dataset.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { FileRejected } from '#lib/problems.ts';
import type { ReadPredictions } from '#lib/readers/coco/predictions.ts';
import { countDetections } from '#lib/readers/counts/detections.ts';
import { homeOf, slicesOf } from '#lib/tasks/assemble.ts';

/**
 * Check the file of a model trained on one cell type: it must have detections on that type's images; missing other
 * images is fine.
 *
 * @throws FileRejected if it has none there: most likely the wrong file
 */
export function requireDetectionsOnOwnType(
  task: string,
  slot: string,
  predictions: ReadPredictions,
  { images }: { images: Images },
): void {
  const home = homeOf(task, slot);
  if (!home) return;
  const { detections, groups } = predictions;
  const perImage = countDetections(detections, groups, images.ids.length, Number.NEGATIVE_INFINITY);
  const types = images.fileNames.map(cellTypeOf);
  const perType = new Map(CELL_TYPES.map((type) => [type, 0]));
  types.forEach((type, i) => {
    if (type) perType.set(type, perType.get(type)! + perImage[i]);
  });
  if (!types.includes(home)) {
    const message = `The ground truth has no images of ${CELL_TYPE_NAMES[home]}, so nothing can be scored here.`;
    throw new FileRejected({ code: 'no-images-of-type', message });
  }
  if (perType.get(home) === 0) {
    const elsewhere = [...perType].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
    const where = elsewhere
      .slice(0, 3)
      .map(([type, count]) => `${CELL_TYPE_NAMES[type]} (${count.toLocaleString('en')})`)
      .join(', ');
    const message = `The file has no detections on images of ${CELL_TYPE_NAMES[home]}${where && `; it has some on ${where}`}. Is it in the wrong slot?`;
    throw new FileRejected({ code: 'wrong-cell-type', message });
  }
  if (slicesOf(task, slot, images.fileNames).size > 1) return;
  const without = images.fileNames.filter((_, i) => types[i] === home && perImage[i] === 0);
  predictions.warnings = predictions.warnings.flatMap((warning) => {
    if (warning.code !== 'image-without-detections') return warning;
    return without.length > 0 ? { ...warning, count: without.length, examples: without.slice(0, 5) } : [];
  });
}
