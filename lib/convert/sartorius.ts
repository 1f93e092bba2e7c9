/**
 * The CSV of the Kaggle competition “Sartorius – Cell Instance Segmentation”: a row per cell with the image's id and
 * runs of pixels as `start length start length …`. Pixels are numbered from 1, from left to right and then from top to
 * bottom, unlike in COCO.
 */
import { CsvError, readCsv } from '#lib/csv.ts';
import { type Conversion, ConvertError, type GivenFile } from './convert.ts';

export function addSartorius({ name, bytes }: GivenFile, conversion: Conversion): void {
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '');
  let columns: { id: number; runs: number; score: number } | null = null;
  try {
    for (const { fields, line } of readCsv(text)) {
      if (fields.length === 1 && fields[0].trim() === '') continue;
      if (columns === null) columns = header(fields, name);
      else addRow(fields, columns, `${name}, line ${line}`, conversion);
    }
  } catch (error) {
    throw error instanceof CsvError ? new ConvertError(`${name}: ${error.message}`) : error;
  }
  if (columns === null) throw new ConvertError(`${name} is empty: expected the header id,predicted.`);
}

function header(fields: readonly string[], name: string): { id: number; runs: number; score: number } {
  const names = fields.map((field) => field.trim().toLowerCase());
  const find = (...wanted: string[]) => names.findIndex((field) => wanted.includes(field));
  const [id, runs, score] = [find('id', 'image_id'), find('predicted', 'annotation'), find('score', 'confidence')];
  if (id < 0 || runs < 0)
    throw new ConvertError(`${name}: the header is ${fields.join(',')}; expected id,predicted (or id,annotation).`);
  return { id, runs, score };
}

function addRow(
  fields: readonly string[],
  columns: { id: number; runs: number; score: number },
  where: string,
  conversion: Conversion,
): void {
  const image = conversion.imageOf(fields[columns.id]?.trim() ?? '', where);
  const { width, height } = conversion.size(image);
  const text = fields[columns.runs]?.trim() ?? '';
  if (text === '') return; // an image without cells
  const numbers = text.split(/\s+/).map(Number);
  if (numbers.length % 2 !== 0 || !numbers.every((number) => Number.isSafeInteger(number) && number > 0))
    throw new ConvertError(
      `${where}: runs are pairs of whole numbers from 1, “start length”; found “${text.slice(0, 30)}”.`,
    );
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < numbers.length; i += 2) {
    const end = numbers[i] - 1 + numbers[i + 1];
    if (end > width * height)
      throw new ConvertError(`${where}: a run ends at pixel ${end}, but the image has ${width * height}.`);
    for (let p = numbers[i] - 1; p < end; p++) pixels[(p % width) * height + Math.floor(p / width)] = 1;
  }
  const score = columns.score < 0 ? 1 : Number(fields[columns.score]);
  if (!Number.isFinite(score)) throw new ConvertError(`${where}: the score is not a number.`);
  if (columns.score < 0)
    conversion.warn(
      'without-scores',
      'The competition’s file has no scores: every detection got the score 1. Add a column “score” to have them ranked.',
    );
  conversion.addPixels(image, score, pixels);
}
