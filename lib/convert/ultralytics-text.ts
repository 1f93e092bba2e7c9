/**
 * `predict(save_txt=True, save_conf=True)` of Ultralytics: a text file per image, a line per detection:
 * `class x1 y1 x2 y2 … confidence`, normalised to the size of the image.
 */
import { type Conversion, ConvertError, type GivenFile } from './convert.ts';

export function addUltralyticsText(file: GivenFile, conversion: Conversion): void {
  const { name, bytes } = file;
  const image = conversion.imageOfFile(file);
  const { width, height } = conversion.size(image);
  for (const [i, line] of new TextDecoder().decode(bytes).split(/\r?\n/).entries()) {
    const where = `${name}, line ${i + 1}`;
    const text = line.trim();
    if (text === '') continue;
    const numbers = text.split(/\s+/).map(Number);
    if (!numbers.every(Number.isFinite)) throw new ConvertError(`${where}: “${text.slice(0, 40)}” is not all numbers.`);
    // class, then pairs, then the confidence: an even number of numbers in all
    if (numbers.length % 2 !== 0)
      throw new ConvertError(`${where}: there is no confidence. Predict with save_conf=True: AP needs scores.`);
    const score = numbers[numbers.length - 1];
    const pairs = numbers.slice(1, -1);
    if (pairs.some((value) => value < -0.01 || value > 1.01))
      throw new ConvertError(`${where}: coordinates are expected as fractions of the image, from 0 to 1.`);
    if (pairs.length === 4) {
      const [x, y, w, h] = pairs;
      conversion.addBox(image, score, [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]);
    } else if (pairs.length >= 6) {
      const xy = pairs.map((value, k) => value * (k % 2 === 0 ? width : height));
      conversion.addRings(image, score, [[xy]]);
    } else throw new ConvertError(`${where}: a polygon needs at least three corners.`);
  }
}
