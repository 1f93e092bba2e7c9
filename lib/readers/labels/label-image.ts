/**
 * Shared by the decoders of label images: the result, the problems, and the checks that every format needs. Nothing
 * here is specific to a format; `decode.ts` chooses one by the first bytes.
 */
import type { CheckCode } from '#lib/checks/checks.ts';
import { LIMITS } from '#lib/readers/limits.ts';

/** Unpacks a zlib stream; throws if it is damaged or contains more than `most` bytes. */
export type Inflate = (data: Uint8Array, most: number) => Uint8Array;

export interface Size {
  /** pixels */
  width: number;
  /** pixels */
  height: number;
}

export type Labels = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;

export interface LabelImage extends Size {
  /** bits per label in the file; 64-bit numbers are stored in 32 if they fit */
  bits: 1 | 2 | 4 | 8 | 16 | 32;
  /** [height × width] row by row from the top; negative only in signed formats */
  labels: Labels;
  /** the labels are indices into a palette: fine for labels, but in a picture the colours matter */
  palette?: boolean;
  /** the TIFF says that 0 is white: irrelevant for labels, but relevant in a picture */
  whiteIsZero?: boolean;
}

/** A problem with one image; the reader adds which image it is. */
export class ImageProblem extends Error {
  readonly code: CheckCode;

  constructor(code: CheckCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function refuseDamaged(why: string): never {
  throw new ImageProblem('label-image-damaged', `the image is damaged: ${why}. Write it again.`);
}

export function refuseUnsupported(what: string, remedy = 'Write 16-bit grey PNG, or 16- or 32-bit grey TIFF.'): never {
  throw new ImageProblem('label-image-unsupported', `${what}, which is not read here. ${remedy}`);
}

export function refuseColours(what: string): never {
  throw new ImageProblem(
    'label-image-not-grey',
    `${what}. Write the label numbers themselves as a grey image of 16 bits, not a picture of them.`,
  );
}

export function refuseFloats(bits: number): never {
  throw new ImageProblem(
    'label-image-float',
    `its ${bits}-bit numbers are floating point; labels are whole numbers. Write astype(np.uint16) or np.int32.`,
  );
}

/** Up to this number, all whole numbers are exact as 32-bit floating point; above, neighbours may have become equal. */
const MOST_EXACT = 2 ** 24;

/** Return labels that were stored as floating point. @throws ImageProblem if one is not a whole number, or not exact */
export function wholeLabels(numbers: Float32Array): Int32Array {
  const labels = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    labels[i] = number;
    if (labels[i] === number && Math.abs(number) <= MOST_EXACT) continue;
    const why = Number.isInteger(number) ? 'above 16,777,216 such numbers are not exact' : 'labels are whole numbers';
    throw new ImageProblem(
      'label-image-float',
      `its 32-bit numbers are floating point and one of them is ${number}; ${why}. Write astype(np.uint16) or np.int32.`,
    );
  }
  return labels;
}

/** Throw for masks that can hold only one value, whatever their content. */
export function refuseTruthValues(what: string): never {
  throw new ImageProblem(
    'label-image-one-value',
    `${what}: a black and white mask, in which all cells have the same value. Give each cell its own number, in 16 bits.`,
  );
}

/** Compare the size in a header with the image's size before anything is allocated. @throws ImageProblem */
export function checkSize({ width, height }: Size, expected: Size): void {
  if (width === expected.width && height === expected.height) {
    if (width * height <= LIMITS.labelImagePixels) return;
    throw new ImageProblem(
      'label-image-too-large',
      `it has ${(width * height).toLocaleString('en')} pixels; at most ${LIMITS.labelImagePixels.toLocaleString('en')} are read. Send COCO results instead.`,
    );
  }
  const turned = width === expected.height && height === expected.width;
  throw new ImageProblem(
    'label-image-size',
    `it is ${width} × ${height} pixels (width × height), but the image is ${expected.width} × ${expected.height}. ${turned ? 'It is turned: exchange rows and columns.' : 'Write labels at the original size, not resized, cropped or padded.'}`,
  );
}

/**
 * Store 64-bit whole numbers in 32 bits each. Negative numbers stay negative, so that they are reported as such.
 *
 * @param bytes 8 per number
 * @throws ImageProblem if a number does not fit
 */
export function narrowLabels(
  bytes: Uint8Array,
  options: { little: boolean; signed: boolean },
): Uint32Array | Int32Array {
  const { little, signed } = options;
  const count = bytes.length >> 3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labels = new Uint32Array(count);
  let negative = -1;
  for (let i = 0; i < count; i++) {
    const high = view.getUint32(8 * i + (little ? 4 : 0), little);
    labels[i] = view.getUint32(8 * i + (little ? 0 : 4), little);
    if (high === 0) continue;
    const label = signed ? view.getBigInt64(8 * i, little) : view.getBigUint64(8 * i, little);
    if (label < 0n && label >= -0x80000000n) negative = i;
    else {
      throw new ImageProblem(
        'label-image-unsupported',
        `it has the label ${label}; labels up to 4,294,967,295 are read. Number the cells from 1.`,
      );
    }
  }
  return negative >= 0 ? new Int32Array(labels.buffer) : labels;
}
