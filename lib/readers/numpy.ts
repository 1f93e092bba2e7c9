/**
 * NumPy arrays as label images: `.npy` files, which are also the members of an `.npz`. Whole numbers of 8 to 64 bits in
 * either byte order, by rows (C) or by columns (Fortran). A Python pickle inside one (an object array, like Cellpose's
 * `_seg.npy`) is code rather than data and is never read.
 *
 * Written by hand because a header is one line and the pixels are a typed array: nothing is allocated before the header
 * has been compared with the size of the image.
 *
 * Source: NumPy Enhancement Proposal 1 and `numpy.lib.format`, versions 1 to 3.
 */
import {
  checkSize,
  ImageProblem,
  type LabelImage,
  type Labels,
  narrowLabels,
  refuseColours,
  refuseDamaged,
  refuseFloats,
  refuseTruthValues,
  refuseUnsupported,
  type Size,
} from './labels/label-image.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Maximum bytes of a header; NumPy's own fit in 128. */
const MOST_HEADER = 65_536;
const WHOLE_NUMBERS = 'Write labels.astype(np.uint16), or np.int32.';

export function isNumpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

interface NumpyHeader {
  /** byte order, kind and bytes, as in `<u2`; a list of fields is kept as text */
  type: string;
  byColumns: boolean;
  shape: number[];
  /** offset of the numbers */
  start: number;
}

/**
 * Decode the labels of one image from a `.npy` file of shape [height, width]; further axes may have length 1.
 *
 * @throws ImageProblem
 */
export function decodeNumpyLabels(bytes: Uint8Array, expected: Size): LabelImage {
  const { type, byColumns, shape, start } = readNumpyHeader(bytes);
  const [, order, kind, digits] = /^([<>|=])([a-zA-Z])(\d*)$/.exec(type) ?? [];
  const size = Number(digits);
  if (kind === undefined) refuseUnsupported('it is an array of records', WHOLE_NUMBERS);
  if (kind === 'O') refusePickle();
  if (kind === 'b') refuseTruthValues('it is an array of True and False');
  if (kind === 'f') refuseFloats(8 * size);
  if ((kind !== 'u' && kind !== 'i') || ![1, 2, 4, 8].includes(size)) {
    refuseUnsupported(`its numbers are of NumPy's type ${type}`, WHOLE_NUMBERS);
  }
  checkShape(shape, expected);
  const { width, height } = expected;
  const data = bytes.subarray(start, start + width * height * size);
  if (data.length < width * height * size) refuseDamaged('it ends in the middle');
  const format = { size, little: order !== '>', signed: kind === 'i' };
  const numbers = size === 8 ? narrowLabels(data, format) : readNumbers(data, format);
  const labels = byColumns ? transpose(numbers, expected) : numbers;
  return { width, height, bits: Math.min(32, 8 * size) as 8 | 16 | 32, labels };
}

/** Read the header, a Python literal: `{'descr': '<u2', 'fortran_order': False, 'shape': (520, 704), }`. */
function readNumpyHeader(bytes: Uint8Array): NumpyHeader {
  if (bytes.length < 12) refuseDamaged('it ends in the middle');
  const version = bytes[6];
  if (version < 1 || version > 3) refuseUnsupported(`it is version ${version} of NumPy's format`, WHOLE_NUMBERS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const from = version === 1 ? 10 : 12;
  const start = from + length;
  if (length > MOST_HEADER) refuseDamaged(`its header has ${length.toLocaleString('en')} bytes`);
  if (start > bytes.length) refuseDamaged('it ends in the middle');
  const text = new TextDecoder('latin1').decode(bytes.subarray(from, start));
  const type = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (!type || !order || !shape) return refuseDamaged('its header is not one of NumPy');
  const axes = shape[1].split(',').filter((axis) => axis.trim() !== '');
  return { type: type[1] ?? 'records', byColumns: order[1] === 'True', shape: axes.map(Number.parseFloat), start };
}

/** Throw for arrays of Python objects, which NumPy writes as pickles. */
function refusePickle(): never {
  throw new ImageProblem(
    'numpy-pickle',
    'it is an array of Python objects (a pickle, such as the _seg.npy of Cellpose), which is not opened here because a pickle can run code. Write the label array alone: np.save(path, masks.astype(np.uint16)), or Cellpose’s _cp_masks.',
  );
}

function checkShape(shape: readonly number[], expected: Size): void {
  const axes = shape.filter((length) => length !== 1);
  const given = `its shape is (${shape.join(', ')})`;
  const flat = shape.length === 2 ? shape : axes;
  if (flat.length === 2) {
    checkSize({ height: flat[0], width: flat[1] }, expected);
    return;
  }
  // an image that is one pixel wide or high
  const pixels = shape.reduce((product, length) => product * length, 1);
  if (
    shape.length > 2 &&
    pixels === expected.width * expected.height &&
    Math.min(expected.width, expected.height) === 1
  )
    return;
  if (flat.length < 2) refuseUnsupported(given, 'Write one array of height × width per image.');
  const last = flat[flat.length - 1];
  if (flat.length === 3 && (last === 3 || last === 4)) refuseColours(`${given}: it is an RGB image`);
  const [layers] = flat;
  throw new ImageProblem(
    'label-image-stack',
    `${given}: it is a stack of ${layers.toLocaleString('en')} arrays. Write one array of height × width per image, each named after its image; for one cell per layer, number the cells in one array.`,
  );
}

function readNumbers(
  data: Uint8Array,
  { size, little, signed }: { size: number; little: boolean; signed: boolean },
): Labels {
  const count = data.length / size;
  if (size === 1) return signed ? new Int8Array(data) : new Uint8Array(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (size === 2) {
    const labels = signed ? new Int16Array(count) : new Uint16Array(count);
    for (let i = 0; i < count; i++) labels[i] = view.getUint16(2 * i, little);
    return labels;
  }
  const labels = signed ? new Int32Array(count) : new Uint32Array(count);
  for (let i = 0; i < count; i++) labels[i] = view.getUint32(4 * i, little);
  return labels;
}

/** Reorder numbers from columns to rows. */
function transpose(numbers: Labels, { width, height }: Size): Labels {
  const rows = numbers.slice();
  for (let x = 0, from = 0; x < width; x++) for (let y = 0; y < height; y++) rows[y * width + x] = numbers[from++];
  return rows;
}
