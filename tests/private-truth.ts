/**
 * Ground truth whose every number and word stands nowhere else: areas, coordinates, counts, ids, category and file
 * names. What is looked for is what a site may not say of ground truth that is not public.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PrivateTruth {
  /** annotations, with a category and words of its own */
  outlines: string;
  /** reference counts of A172 */
  counts: string;
  /** a file that says much about the outlines, and one that is refused */
  predictions: { outlines: string; wrong: string; counts: string; wrongCounts: string };
  /** names of the secrets in a text */
  secretsIn(text: string): string[];
}

/** Images of the counted series and their hidden numbers, which no page uses for anything else. */
const COUNTS = [1187, 1213, 1291, 1361, 1427, 1453, 1489, 1523, 70_183, 908_141];
/** No secret: who predicts has to know it. */
const CATEGORY = 7_316_209;
/** Objects of the images with the most: half of what a counting method predicts. */
const CROWDED = [1283, 2371];

/** Write the files below `folder`. */
export function plantPrivateTruth(folder: string): PrivateTruth {
  const word = `qzt${randomBytes(4).toString('hex')}`;
  const write = (name: string, document: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(document));
    return path;
  };
  const images = Array.from({ length: 12 }, (_, i) => ({
    id: 4100 + i,
    file_name: `${i < 7 ? 'A172' : 'SkBr3'}_Phase_C7_1_00d${i + 10}h00m_1.tif`,
    width: 704,
    height: 520,
  }));
  const annotations: Record<string, unknown>[] = [];
  const predicted: Record<string, unknown>[] = [];
  for (const [i, { id: image_id }] of images.entries()) {
    const objects = CROWDED[i] ?? 11 + i;
    for (let k = 0; k < objects; k++) {
      // corners with fractions of their own; the shift of every second prediction keeps it from being a copy
      const [x, y] = [(k % 85) * 8 + 1.2093187, Math.floor(k / 85) * 8 + 3.4410739];
      const rectangle = (dx: number) => [[x + dx, y, x + dx + 6, y, x + dx + 6, y + 6, x + dx, y + 6]];
      annotations.push({
        id: 8_204_417_000 + annotations.length,
        image_id,
        category_id: CATEGORY,
        iscrowd: 0,
        area: 36.1193461,
        bbox: [x, y, 6, 6],
        segmentation: rectangle(0),
      });
      if (k % 3 > 0) {
        const at = (k % 2) * 2 + 0.25;
        predicted.push({
          image_id,
          category_id: CATEGORY,
          score: 0.9 - (k % 7) / 20,
          segmentation: [rectangle(at)[0].map((value) => Math.round(value))],
        });
      }
    }
  }
  const info = { description: `${word}info`, contributor: `${word}person` };
  const outlines = write(`${word}truth.json`, {
    info,
    licenses: [{ id: 1, name: `${word}licence` }],
    categories: [{ id: CATEGORY, name: `${word}category`, supercategory: `${word}super` }],
    images,
    annotations,
  });
  const series = COUNTS.map((n, i) => [`A172_Phase_A1_1_0${i}d00h00m_1.tif`, n] as const);
  const near = series.map(([file, n], i) => [file, Math.round(n * 0.9) + i]);
  return {
    outlines,
    counts: write(`${word}counts.json`, Object.fromEntries(series)),
    predictions: {
      outlines: write('outlines.json', predicted),
      wrong: write('wrong.json', [
        { image_id: 1, category_id: 1, score: 0.5, bbox: [0, 0, 2, 2] },
        { image_id: 4100, category_id: 99, score: 0.5, bbox: [0, 0, 2, 2] },
        { image_id: 4101, category_id: 1, score: 'high', bbox: [0, 0, 900, 900] },
      ]),
      counts: write('counts.json', Object.fromEntries(near)),
      wrongCounts: write('wrong-counts.json', { ...Object.fromEntries(near.slice(2)), 'none.tif': 3 }),
    },
    secretsIn: (text) => {
      const found = new Set<string>();
      for (const [at] of text.matchAll(new RegExp(`${word}[a-z]*`, 'gi'))) found.add(`word ${at.slice(word.length)}`);
      for (const [name, number] of NUMBERS) if (number.test(text)) found.add(name);
      return [...found];
    },
  };
}

/** A number as programs write it, `1187`, and people, `1,187`, with nothing of a longer one around it. */
function written(value: number): RegExp {
  const grouped = value.toLocaleString('en-US').replaceAll(',', '[,\\u202f\\u00a0]');
  return new RegExp(`(?<![\\w.#-])(?:${value}|(?<![\\d,[])${grouped})(?!\\w|\\.\\d)`);
}

const NUMBERS: [string, RegExp][] = [
  ...COUNTS.map((n): [string, RegExp] => [`count ${n}`, written(n)]),
  ...CROWDED.map((n): [string, RegExp] => [`objects of an image, ${n}`, written(n)]),
  ['area', /(?<![\d.])36\.1[12]?(?:19\d*)?(?!\d)/],
  ['coordinate', /\d\.(?:20931|44107)/],
  ['annotation id', /8,?204,?417,?\d{3}/],
];
