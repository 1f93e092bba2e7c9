/**
 * Full-size synthetic benchmark data, the same bytes on every machine: ground truth as LIVECell's (polygons with two
 * decimals, large ids), predictions as detectors write them (compressed run lengths, boxes, float scores).
 */

import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { appendPolygon } from '#lib/coco/polygon.ts';
import { countsFromIntervals, encodeCounts, IntervalBuffer, maskBox } from '#lib/coco/rle.ts';
import { seededRandom } from '#lib/stats/random.ts';

export interface BenchSize {
  name: string;
  images: number;
  /** cells per image: one number, or LIVECell's own spread (most images sparse, some with 3,000) */
  cells: number | 'livecell';
  /** detections per cell */
  detections: number;
}

export const SIZES: Record<string, BenchSize> = {
  tiny: { name: 'tiny', images: 2, cells: 40, detections: 1.2 },
  sample: { name: 'sample', images: 40, cells: 'livecell', detections: 1.2 },
  full: { name: 'full', images: 1564, cells: 'livecell', detections: 1.195 },
  'full-2x': { name: 'full-2x', images: 1564, cells: 'livecell', detections: 2.39 },
  'full-4x': { name: 'full-4x', images: 1564, cells: 'livecell', detections: 4.78 },
  dense: { name: 'dense', images: 200, cells: 3000, detections: 1.2 },
};

const WIDTH = 704;
const HEIGHT = 520;
/** cell type, test well, share of test images, cells relative to the mean, radius in pixels */
const TYPES = [
  ['A172', 'C7', 152, 0.45, 13],
  ['BT474', 'D3', 168, 0.75, 11],
  ['BV2', 'A4', 152, 3.1, 5.5],
  ['Huh7', 'A12', 200, 0.4, 15],
  ['MCF7', 'H4', 184, 1.5, 8.5],
  ['SHSY5Y', 'A10', 176, 1.0, 9],
  ['SkBr3', 'G3', 176, 1.2, 8],
  ['SKOV3', 'E4', 356, 0.4, 16],
] as const;

/** Paths of the data, made if they are not there yet. */
export async function makeData(
  directory: string,
  size: BenchSize,
): Promise<{ groundTruth: string; predictions: string }> {
  mkdirSync(directory, { recursive: true });
  const groundTruth = join(directory, `gt-${size.images}-${size.cells}.json`);
  const predictions = join(directory, `dt-${size.name}.json`);
  if (existsSync(groundTruth) && existsSync(predictions)) return { groundTruth, predictions };
  process.stderr.write(`making ${size.name} data …\n`);
  const gt = new Writer(`${groundTruth}.part`);
  const dt = new Writer(`${predictions}.part`);
  const random = seededRandom(20211125);
  const images = listImages(size, random);
  await gt.write(
    '{"info": {"description": "synthetic, LIVECell-like"}, "licenses": [], "categories": [{"supercategory": "cell", "id": 1, "name": "cell"}], "images": [',
  );
  for (const [i, image] of images.entries()) {
    const { id, name } = image;
    await gt.write(
      `${i ? ', ' : ''}{"id": ${id}, "width": ${WIDTH}, "height": ${HEIGHT}, "file_name": "${name}.tif", "original_filename": "${name}.png", "url": ""}`,
    );
  }
  await gt.write('], "annotations": [');
  await dt.write('[');
  let annotation = 0;
  let detection = 0;
  const mask = new IntervalBuffer();
  const box = new Float64Array(4);
  for (const image of images) {
    // drawn from generators of their own, so that every number of detections sees the same ground truth
    const gtRandom = seededRandom(image.id);
    const dtRandom = seededRandom(image.id + 7);
    const detections: { score: number; text: string }[] = [];
    for (let c = 0; c < image.cells; c++) {
      const x = gtRandom() * WIDTH;
      const y = gtRandom() * HEIGHT;
      const radius = image.radius * (0.6 + 0.8 * gtRandom());
      const shape = Math.floor(gtRandom() * 2 ** 31);
      const xy = outline(x, y, radius, seededRandom(shape), 14 + Math.round(radius * 1.6));
      const { area, bbox } = measure(xy);
      await gt.write(
        `${annotation++ ? ', ' : ''}{"id": ${2000000 + annotation}, "image_id": ${image.id}, "category_id": 1, "segmentation": [[${xy.join(', ')}]], "area": ${area}, "bbox": [${bbox.join(', ')}], "iscrowd": 0}`,
      );
      for (let copies = size.detections * (0.85 + 0.3 * dtRandom()); copies > 0; copies--) {
        if (copies < 1 && dtRandom() > copies) break;
        const quality = dtRandom();
        // one in ten lies beside the cell and has a shape of its own, as a false positive; the others are off by a little
        const wrong = quality < 0.1;
        const far = wrong ? 3 : 0.5 * (1 - quality);
        const shifted = outline(
          x + (dtRandom() - 0.5) * radius * far,
          y + (dtRandom() - 0.5) * radius * far,
          radius * (1 + (dtRandom() - 0.5) * 0.4 * (1 - quality)),
          wrong ? dtRandom : seededRandom(shape),
          24,
        );
        mask.length = 0;
        appendPolygon({ xy: shifted, from: 0, points: shifted.length / 2 }, { height: HEIGHT, width: WIDTH }, mask);
        const counts = countsFromIntervals(mask.data, 0, mask.length, WIDTH * HEIGHT);
        maskBox(
          { data: mask.data, from: 0, to: mask.length },
          { height: HEIGHT, width: WIDTH, hadForegroundRuns: true },
          box,
          0,
        );
        if (mask.length === 0) continue;
        const score = Math.fround(0.05 + 0.95 * quality * dtRandom() ** 0.3);
        detections.push({
          score,
          text: `{"image_id": ${image.id}, "category_id": 1, "bbox": [${Array.from(box, (v) =>
            Math.fround(v + dtRandom() - 0.5),
          )
            .map((v, k) => (k > 1 ? Math.abs(v) + 0.1 : v))
            .join(
              ', ',
            )}], "score": ${score}, "segmentation": {"size": [${HEIGHT}, ${WIDTH}], "counts": ${JSON.stringify(encodeCounts(counts))}}}`,
        });
      }
    }
    detections.sort((a, b) => b.score - a.score);
    for (const { text } of detections) await dt.write(`${detection++ ? ', ' : ''}${text}`);
  }
  await gt.write(']}');
  await dt.write(']');
  await gt.end();
  await dt.end();
  renameSync(`${groundTruth}.part`, groundTruth);
  renameSync(`${predictions}.part`, predictions);
  process.stderr.write(`  ${images.length} images, ${annotation} annotations, ${detection} detections\n`);
  return { groundTruth, predictions };
}

function listImages(
  size: BenchSize,
  random: () => number,
): { id: number; name: string; cells: number; radius: number }[] {
  const images: { id: number; name: string; cells: number; radius: number }[] = [];
  const share = size.images / 1564;
  for (const [type, well, count, density, radius] of TYPES) {
    const wanted = type === 'SKOV3' ? size.images - images.length : Math.round(count * share);
    for (let i = 0; i < wanted; i++) {
      const hours = 4 * (Math.floor(i / 8) % 30);
      const name = `${type}_Phase_${well}_${1 + (i % 2)}_${String(Math.floor(hours / 24)).padStart(2, '0')}d${String(hours % 24).padStart(2, '0')}h00m_${1 + (Math.floor(i / 2) % 4)}${i >= 240 ? `${i}` : ''}`;
      // growth: late images hold several times the cells of early ones
      const growth = 0.35 + 1.6 * (i / wanted) * (0.7 + 0.6 * random());
      const cells = size.cells === 'livecell' ? Math.min(3000, Math.round(295 * density * growth)) : size.cells;
      images.push({ id: 1000000 + images.length * 397, name, cells, radius: size.cells === 'livecell' ? radius : 5 });
    }
  }
  return images;
}

function outline(x: number, y: number, radius: number, random: () => number, points: number): number[] {
  const phase = random() * Math.PI * 2;
  const wobble = 0.1 + 0.25 * random();
  const lobes = 2 + Math.floor(random() * 4);
  const stretch = 0.7 + 0.6 * random();
  const xy: number[] = [];
  for (let k = 0; k < points; k++) {
    const angle = (2 * Math.PI * k) / points;
    const r = radius * (1 + wobble * Math.sin(lobes * angle + phase));
    const px = Math.min(WIDTH, Math.max(0, x + r * Math.cos(angle) * stretch));
    const py = Math.min(HEIGHT, Math.max(0, y + (r * Math.sin(angle)) / stretch));
    xy.push(Math.round(px * 100) / 100, Math.round(py * 100) / 100);
  }
  return xy;
}

function measure(xy: number[]): { area: number; bbox: number[] } {
  let area = 0;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < xy.length; k += 2) {
    const next = (k + 2) % xy.length;
    area += xy[k] * xy[next + 1] - xy[next] * xy[k + 1];
    x0 = Math.min(x0, xy[k]);
    x1 = Math.max(x1, xy[k]);
    y0 = Math.min(y0, xy[k + 1]);
    y1 = Math.max(y1, xy[k + 1]);
  }
  return { area: Math.abs(area) / 2, bbox: [x0, y0, x1 - x0, y1 - y0] };
}

class Writer {
  private readonly stream;
  private pieces: string[] = [];
  private length = 0;

  constructor(path: string) {
    this.stream = createWriteStream(path);
  }

  async write(text: string): Promise<void> {
    this.pieces.push(text);
    this.length += text.length;
    if (this.length > 1 << 20) await this.flush();
  }

  private async flush(): Promise<void> {
    if (!this.stream.write(this.pieces.join(''))) await once(this.stream, 'drain');
    this.pieces = [];
    this.length = 0;
  }

  async end(): Promise<void> {
    await this.flush();
    this.stream.end();
    await once(this.stream, 'finish');
  }
}
