/** Reads a picture that a person chose as the background of outlines: it stays in this browser. */
import { stretchContrast } from '#lib/datasets/contrast.ts';
import { decodeLabelImage, imageKind } from '#lib/readers/labels/decode.ts';
import { ImageProblem, type Inflate, type Labels, type Size } from '#lib/readers/labels/label-image.ts';

/**
 * Return the picture in grey, with its contrast stretched. TIFF and PNG of any depth are read as the site reads them;
 * what the browser knows besides, such as JPEG and colours, is left to it.
 *
 * @throws Error that says what is wrong with the picture
 */
export async function readOwnPicture(file: File, expected: Size, inflate: Inflate): Promise<ImageBitmap> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const kind = imageKind(bytes);
  try {
    if (kind !== 'png' && kind !== 'tiff') return await bitmapOf(await decodeInBrowser(file, expected), expected);
    return await bitmapOf(toEightBits(decodeLabelImage(bytes, expected, inflate)), expected);
  } catch (error) {
    if (!(error instanceof ImageProblem)) throw error;
    if (kind === 'png' && error.code === 'label-image-not-grey')
      return bitmapOf(await decodeInBrowser(file, expected), expected);
    // the first sentence says what was found; the remedy is one for label images
    const [what] = error.message.split(/[.;](?= |$)/);
    throw new Error(`${what}. A grey TIFF or any PNG or JPEG of ${expected.width} × ${expected.height} pixels fits.`);
  }
}

/** Return grey values from 0 to 255, whatever the depth: the lowest number is black, the highest white. */
function toEightBits({ labels, whiteIsZero }: { labels: Labels; whiteIsZero?: boolean }): Uint8Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of labels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = Math.max(1, high - low);
  const grey = labels instanceof Uint8Array ? labels : new Uint8Array(labels.length);
  if (grey !== labels) for (let p = 0; p < grey.length; p++) grey[p] = Math.round((255 * (labels[p] - low)) / range);
  return whiteIsZero ? grey.map((value) => 255 - value) : grey;
}

/** Return the grey values of a picture that the browser decodes. */
async function decodeInBrowser(file: File, expected: Size): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('it is no picture that this browser can read. A grey TIFF, a PNG or a JPEG fits.');
  });
  const { width, height } = bitmap;
  if (width !== expected.width || height !== expected.height)
    throw new Error(`it is ${width} × ${height} pixels; the image is ${expected.width} × ${expected.height}.`);
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  // luminance as in ITU-R BT.601
  return Uint8Array.from({ length: width * height }, (_, p) =>
    Math.round(0.299 * data[4 * p] + 0.587 * data[4 * p + 1] + 0.114 * data[4 * p + 2]),
  );
}

function bitmapOf(grey: Uint8Array, { width, height }: Size): Promise<ImageBitmap> {
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  stretchContrast(grey).forEach((value, p) => {
    pixels.fill(value, 4 * p, 4 * p + 3);
  });
  return createImageBitmap(new ImageData(pixels, width, height));
}
