/** Label images of Cellpose, StarDist and micro-sam: PNG, TIFF, `.npy`, and Cellpose's `_seg.npy`. */
import { ObjectsBuilder } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { decodeLabelImage, imageKind } from '#lib/readers/labels/decode.ts';
import { ImageProblem, type LabelImage } from '#lib/readers/labels/label-image.ts';
import { appendLabels } from '#lib/readers/labels/label-masks.ts';
import { isNumpy } from '#lib/readers/numpy.ts';
import { type Conversion, ConvertError, type GivenFile } from './convert.ts';
import { type PickledArray, pickledArray, readPickle } from './pickle.ts';

const WITHOUT_SCORES =
  'Label images have no scores: every detection got the score 1, so AP ranks them in an arbitrary order. A .zip of the label images themselves is scored as what it is.';

/** Add every label of an image as a detection. @throws ConvertError */
export function addLabelImage(file: GivenFile, conversion: Conversion): void {
  const image = conversion.imageOfFile(file);
  addLabels(read(file, image, conversion), image, conversion);
  conversion.warn('without-scores', WITHOUT_SCORES);
}

function read({ name, bytes }: GivenFile, image: number, conversion: Conversion): LabelImage {
  try {
    const array = isNumpy(bytes) ? cellposeMasks(bytes) : null;
    const pixels = array ? asNumpy(array) : bytes;
    return decodeLabelImage(pixels, conversion.size(image), conversion.inflate);
  } catch (error) {
    if (error instanceof ImageProblem) throw new ConvertError(`${name}: ${error.message}`);
    throw error;
  }
}

/** Tell whether the bytes begin a label image that is read here. */
export function isLabelImage(bytes: Uint8Array): boolean {
  return imageKind(bytes) !== null;
}

function addLabels(labels: LabelImage, image: number, conversion: Conversion): void {
  const builder = new ObjectsBuilder(true);
  const where = conversion.images.fileNames[image];
  if (labels.labels.some((label) => label < 0)) throw new ConvertError(`${where}: there are labels below 0.`);
  try {
    appendLabels(labels, image, builder, (_code, why) => {
      throw new ConvertError(`${where}: ${why}`);
    });
  } catch (error) {
    if (error instanceof FileRejected) throw new ConvertError(`${where}: ${error.problems[0].message}`);
    throw error;
  }
  const { data } = builder.intervals;
  for (let n = 0; n < builder.count; n++)
    conversion.addMask(image, 1, { data, from: builder.maskStart[n], to: builder.maskEnd[n] });
}

/** Return the masks in a `_seg.npy`, which is a pickled dictionary; null for an array of numbers. */
function cellposeMasks(bytes: Uint8Array): PickledArray | null {
  const header = new TextDecoder('latin1').decode(bytes.subarray(0, 256));
  if (!/'descr'\s*:\s*'\|O'/.test(header)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  let found: unknown;
  try {
    found = contentOf(readPickle(bytes.subarray(start)));
  } catch (error) {
    throw new ImageProblem('label-image-damaged', `its pickle cannot be read: ${(error as Error).message}.`);
  }
  const masks = found instanceof Map ? pickledArray(found.get('masks')) : null;
  if (masks) return masks;
  throw new ImageProblem(
    'numpy-pickle',
    'it holds Python objects, but not the “masks” that Cellpose’s _seg.npy has. Write the label array alone: np.save(path, masks.astype(np.uint16)).',
  );
}

/** An array of one object holds its only item in a list. */
function contentOf(pickled: unknown): unknown {
  const { state } = pickled as { state?: unknown };
  const list = Array.isArray(state) ? state[4] : null;
  return Array.isArray(list) && list.length === 1 ? list[0] : pickled;
}

/** Return the array as the `.npy` file that it would be by itself. */
function asNumpy({ type, shape, byColumns, data }: PickledArray): Uint8Array {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${type}', 'fortran_order': ${byColumns ? 'True' : 'False'}, 'shape': (${axes}), }\n`;
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(10 + text.length + data.length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  file.set(text, 10);
  file.set(data, 10 + text.length);
  return file;
}
