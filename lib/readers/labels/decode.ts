/** Decodes one label image: PNG, TIFF or a NumPy array, recognised by its first bytes. */
import { decodeNumpyLabels, isNumpy } from '#lib/readers/numpy.ts';
import {
  ImageProblem,
  type Inflate,
  type LabelImage,
  refuseDamaged,
  refuseUnsupported,
  type Size,
} from './label-image.ts';
import { decodePng, isPng } from './png.ts';
import { decodeTiff } from './tiff.ts';

type ImageKind = 'png' | 'tiff' | 'bigtiff' | 'numpy';

/** Return the kind of image that these bytes begin, or null if it cannot be read. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  if (isPng(bytes)) return 'png';
  if (isNumpy(bytes)) return 'numpy';
  const order = bytes[0] === 0x49 && bytes[1] === 0x49 ? 0 : bytes[0] === 0x4d && bytes[1] === 0x4d ? 1 : -1;
  if (order < 0) return null;
  const [low, high] = order === 0 ? [bytes[2], bytes[3]] : [bytes[3], bytes[2]];
  if (high !== 0) return null;
  if (low === 42) return 'tiff';
  return low === 43 ? 'bigtiff' : null;
}

/**
 * Decode one label image.
 *
 * @param expected the size of the image that the labels belong to, in pixels
 * @throws ImageProblem
 */
export function decodeLabelImage(bytes: Uint8Array, expected: Size, inflate: Inflate): LabelImage {
  const kind = imageKind(bytes);
  if (kind === null) {
    throw new ImageProblem('not-a-label-image', 'it is neither a PNG nor a TIFF image, nor a NumPy array.');
  }
  if (kind === 'bigtiff') refuseUnsupported('it is a BigTIFF', 'Write a classic TIFF or a PNG.');
  try {
    if (kind === 'numpy') return decodeNumpyLabels(bytes, expected);
    return kind === 'png' ? decodePng(bytes, expected, inflate) : decodeTiff(bytes, expected, inflate);
  } catch (error) {
    if (error instanceof ImageProblem) throw error;
    // messages from zlib
    const { code, message } = error as NodeJS.ErrnoException;
    return refuseDamaged(code === 'ERR_BUFFER_TOO_LARGE' ? 'it holds more pixels than its header says' : message);
  }
}
