/**
 * Every tool's output of the same three cells, written here as the tool documents it, becomes the same masks. The
 * `_seg.npy` files are pickles of Python's own, in each protocol that NumPy has used.
 */
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, it, test } from 'vitest';
import { appendIntervals, CountsBuffer, decodeCounts, encodeCounts, IntervalBuffer } from '#lib/coco/rle.ts';
import { Conversion } from '#lib/convert/convert.ts';
import { readPickle } from '#lib/convert/pickle.ts';
import { TOOLS, type ToolId } from '#lib/convert/tools.ts';

const NAME = 'A172_Phase_C7_1_00d00h00m_1';
const [WIDTH, HEIGHT] = [6, 5];
/** [HEIGHT × WIDTH]; 0 is background */
const LABELS = [
  [0, 0, 0, 0, 0, 0],
  [0, 1, 1, 0, 2, 0],
  [0, 1, 1, 0, 2, 2],
  [0, 0, 0, 0, 2, 0],
  [3, 0, 0, 0, 0, 0],
];
const SCORES = [0.9, 0.5, 0.25];

/** The pixels of each cell, by rows. */
const CELLS = [1, 2, 3].map((label) =>
  LABELS.flatMap((row, y) => row.flatMap((found, x) => (found === label ? [y * WIDTH + x] : []))),
);
const byColumns = (cell: number[]) =>
  cell.map((p) => (p % WIDTH) * HEIGHT + Math.floor(p / WIDTH)).sort((a, b) => a - b);

/** COCO's uncompressed runs of a cell. */
function countsOf(cell: number[]): number[] {
  const counts: number[] = [];
  let value = false;
  let run = 0;
  const inside = new Set(byColumns(cell));
  for (let p = 0; p < WIDTH * HEIGHT; p++) {
    if (inside.has(p) !== value) {
      counts.push(run);
      value = !value;
      run = 0;
    }
    run++;
  }
  return [...counts, run];
}
const RLE = CELLS.map((cell) => ({ size: [HEIGHT, WIDTH], counts: countsOf(cell) }));

/** The outline of a cell along its pixels' edges: the cells here have one of four, six or twelve corners. */
const OUTLINES: [number, number][][] = [
  [
    [1, 1],
    [3, 1],
    [3, 3],
    [1, 3],
  ],
  [
    [4, 1],
    [5, 1],
    [5, 2],
    [6, 2],
    [6, 3],
    [5, 3],
    [5, 4],
    [4, 4],
  ],
  [
    [0, 4],
    [1, 4],
    [1, 5],
    [0, 5],
  ],
];

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const text = (value: string) => new TextEncoder().encode(value);

function convert(tool: ToolId, files: Record<string, Uint8Array>): Conversion {
  const conversion = new Conversion({
    images: {
      ids: [7, 9],
      fileNames: [`${NAME}.tif`, 'other.tif'],
      width: Uint32Array.of(WIDTH, WIDTH),
      height: Uint32Array.of(HEIGHT, HEIGHT),
    },
    category: 1,
    inflate: (packed, most) => inflateSync(packed, { maxOutputLength: most }),
  });
  for (const [name, bytes] of Object.entries(files)) TOOLS[tool].add({ name, bytes }, conversion);
  return conversion;
}

/** The pixels of each detection's mask, by rows. */
function pixelsOf({ detections }: Conversion): number[][] {
  return detections.map(({ segmentation }) => {
    const counts = new CountsBuffer();
    const bytes = text(JSON.stringify(segmentation!.counts).slice(1, -1));
    const runs = decodeCounts(bytes, 0, bytes.length, counts);
    const intervals = new IntervalBuffer();
    expect(appendIntervals(counts.data, runs, intervals)).toBe(WIDTH * HEIGHT);
    const pixels: number[] = [];
    for (let i = 0; i < intervals.length; i += 2)
      for (let p = intervals.data[i]; p < intervals.data[i + 1]; p++)
        pixels.push((p % HEIGHT) * WIDTH + Math.floor(p / HEIGHT));
    return pixels.sort((a, b) => a - b);
  });
}

function expectCells(conversion: Conversion, scores = SCORES): void {
  const found = pixelsOf(conversion).map((pixels, i) => ({ pixels, score: conversion.detections[i].score }));
  // label images are read by columns
  expect(found.sort((a, b) => a.pixels[0] - b.pixels[0])).toEqual(
    CELLS.map((pixels, i) => ({ pixels, score: scores[i] })),
  );
  for (const { image_id, category_id } of conversion.detections) expect([image_id, category_id]).toEqual([7, 1]);
}

const png = encode({ width: WIDTH, height: HEIGHT, channels: 1, depth: 16, data: Uint16Array.from(LABELS.flat()) });
const fixture = (name: string) => new Uint8Array(readFileSync(`tests/fixtures/convert/${name}`));
const UNSCORED = [1, 1, 1];

describe('label images', () => {
  test.each(['cellpose', 'stardist', 'micro-sam'] as const)('of %s', (tool) => {
    const conversion = convert(tool, { [`masks/${NAME}_cp_masks.png`]: png });
    expectCells(conversion, UNSCORED);
    expect([...conversion.warnings.keys()]).toEqual(['without-scores']);
  });

  test.each([2, 3, 4, 5])('in a _seg.npy, a pickle of protocol %i', (protocol) => {
    expectCells(convert('cellpose', { [`${NAME}_seg.npy`]: fixture(`protocol-${protocol}_seg.npy`) }), UNSCORED);
  });

  it('refuse pictures of another size, and pickles that are cut or hold something else', () => {
    const small = encode({ width: 2, height: 2, channels: 1, depth: 16, data: new Uint16Array(4) });
    expect(() => convert('cellpose', { [`${NAME}.png`]: small })).toThrow('2 × 2 pixels (width × height)');
    const seg = fixture('protocol-4_seg.npy');
    for (const bytes of [150, 300, 500])
      expect(() => convert('cellpose', { [`${NAME}_seg.npy`]: seg.subarray(0, bytes) })).toThrow(
        /pickle cannot be read/,
      );
    const renamed = seg.slice();
    renamed.set(text('maskz'), Buffer.from(renamed).indexOf('masks'));
    expect(() => convert('cellpose', { [`${NAME}_seg.npy`]: renamed })).toThrow('not the “masks”');
  });
});

test('a pickle calls nothing', () => {
  // cos\nsystem\n(S'…' of protocol 0 has no place here; this is the same in protocol 2
  const evil = new Uint8Array([
    0x80,
    2,
    ...text('cos\nsystem\n'),
    ...[0x58, 2, 0, 0, 0],
    ...text('id'),
    0x85,
    0x52,
    0x2e,
  ]);
  expect(readPickle(evil)).toMatchObject({ callee: { module: 'os', name: 'system' }, args: ['id'] });
});

describe('StarDist', () => {
  test('details with probabilities: rows and columns of each outline, from pixel centre to pixel centre', () => {
    const coord = OUTLINES.map((outline) => [outline.map(([, y]) => y - 0.5), outline.map(([x]) => x - 0.5)]);
    expectCells(convert('stardist', { [`${NAME}.json`]: json({ coord, prob: SCORES }) }));
    expect(() => convert('stardist', { [`${NAME}.json`]: json({ coord, prob: [1] }) })).toThrow('but 1 probabilities');
  });
});

describe('micro-sam', () => {
  test('masks of Segment Anything, with their predicted IoU', () => {
    const records = RLE.map((segmentation, i) => ({
      segmentation,
      area: CELLS[i].length,
      bbox: [0, 0, 1, 1],
      predicted_iou: SCORES[i],
      stability_score: 0.99,
    }));
    expectCells(convert('micro-sam', { [`${NAME}.json`]: json(records) }));
  });
});

describe('Ultralytics', () => {
  const line = (i: number) =>
    [
      '0',
      ...OUTLINES[i].flatMap(([x, y]) => [(x / WIDTH).toPrecision(6), (y / HEIGHT).toPrecision(6)]),
      SCORES[i],
    ].join(' ');

  test('text files with confidences', () => {
    expectCells(convert('ultralytics', { [`labels/${NAME}.txt`]: text(`${[0, 1, 2].map(line).join('\n')}\n`) }));
  });

  test('boxes in text files', () => {
    const { detections } = convert('ultralytics', { [`${NAME}.txt`]: text('0 0.5 0.5 0.5 0.2 0.75') });
    expect(detections).toMatchObject([{ image_id: 7, score: 0.75, bbox: [1.5, 2, 3, 1] }]);
  });

  test('predictions.json, whose ids are file names without their ending', () => {
    const records = RLE.map((segmentation, i) => ({
      image_id: NAME,
      file_name: `${NAME}.jpg`,
      category_id: 0,
      bbox: [0, 0, 1, 1],
      score: SCORES[i],
      segmentation,
    }));
    expectCells(convert('ultralytics', { 'predictions.json': json(records) }));
  });

  test('to_json() of one image', () => {
    const records = OUTLINES.map((outline, i) => ({
      name: 'cell',
      class: 0,
      confidence: SCORES[i],
      box: { x1: 0, y1: 0, x2: 1, y2: 1 },
      segments: { x: outline.map(([x]) => x), y: outline.map(([, y]) => y) },
    }));
    expectCells(convert('ultralytics', { [`${NAME}.json`]: json(records) }));
  });

  it('says that a confidence is missing, with the line', () => {
    const bare = line(0).split(' ').slice(0, -1).join(' ');
    expect(() => convert('ultralytics', { [`${NAME}.txt`]: text(`${line(1)}\n${bare}`) })).toThrow(
      `${NAME}.txt, line 2: there is no confidence. Predict with save_conf=True`,
    );
  });
});

describe('detectron2 and MMDetection', () => {
  const records = RLE.map((segmentation, i) => ({
    image_id: 7,
    category_id: 0,
    bbox: [0, 0, 1, 1],
    score: SCORES[i],
    segmentation,
  }));

  test('COCO results', () => {
    expectCells(convert('detectron2', { 'coco_instances_results.json': json(records) }));
    expectCells(convert('mmdetection', { 'results.segm.json': json(records) }));
  });

  test('a prediction of DetInferencer', () => {
    const prediction = { labels: [0, 0, 0], scores: SCORES, bboxes: [[0, 0, 1, 1]], masks: RLE };
    expectCells(convert('mmdetection', { [`preds/${NAME}.json`]: json(prediction) }));
    const boxes = { scores: [0.5], bboxes: [[1, 2, 4, 3]] };
    expect(convert('mmdetection', { [`${NAME}.json`]: json(boxes) }).detections).toMatchObject([
      { bbox: [1, 2, 3, 1] },
    ]);
  });

  it('refuses pickles, unknown images, wrong sizes and damaged runs, with the record', () => {
    expect(() => convert('detectron2', { 'instances_predictions.pth': text('x') })).toThrow(
      'coco_instances_results.json',
    );
    expect(() => convert('mmdetection', { 'results.pkl': text('x') })).toThrow('a pickle can run code');
    const wrong = (change: object) => json([records[0], { ...records[1], ...change }]);
    for (const [change, says] of [
      [{ image_id: 8 }, 'record 2: “8” is no image of this data set'],
      [{ score: '0.9' }, 'record 2: the score is "0.9"; expected a number'],
      [{ segmentation: { size: [6, 5], counts: [30] } }, 'record 2: the mask is of an image of 6 × 5 pixels'],
      [{ segmentation: { size: [5, 6], counts: [29] } }, 'record 2: the runs of the mask do not add up'],
      [{ segmentation: { size: [5, 6], counts: 7 } }, 'record 2: “counts” of the mask is neither'],
      [{ segmentation: undefined, bbox: undefined }, 'record 2: there is neither a segmentation nor a bbox'],
    ] as const)
      expect(() => convert('detectron2', { 'coco_instances_results.json': wrong(change) })).toThrow(says);
  });
});

describe('QuPath', () => {
  const feature = (ring: number[][][], i: number, measurements: unknown) => ({
    type: 'Feature',
    id: crypto.randomUUID(),
    geometry: { type: 'Polygon', coordinates: ring.map((points) => [...points, points[0]]) },
    properties: { objectType: 'detection', measurements: measurements ?? { 'Detection probability': SCORES[i] } },
  });

  test('detections with a probability, as an object or as a list of measurements', () => {
    const features = OUTLINES.map((outline, i) => feature([outline], i, null));
    expectCells(convert('qupath', { [`${NAME}.geojson`]: json({ type: 'FeatureCollection', features }) }));
    const listed = OUTLINES.map((outline, i) =>
      feature([outline], i, [{ name: 'Detection probability', value: SCORES[i] }]),
    );
    expectCells(convert('qupath', { [`${NAME}.tif.geojson`]: json(listed) }));
  });

  test('a ring within another is a hole, and parts are joined', () => {
    const outer = [
      [0, 0],
      [5, 0],
      [5, 5],
      [0, 5],
    ];
    const hole = [
      [1, 1],
      [4, 1],
      [4, 4],
      [1, 4],
    ];
    const coordinates = [
      [outer, hole],
      [
        [
          [5, 4],
          [6, 4],
          [6, 5],
          [5, 5],
        ],
      ],
    ];
    const one = { ...feature([outer], 0, null), geometry: { type: 'MultiPolygon', coordinates } };
    const [pixels] = pixelsOf(convert('qupath', { [`${NAME}.geojson`]: json([one]) }));
    expect(pixels).toHaveLength(25 - 9 + 1);
    expect(pixels).not.toContain(2 * WIDTH + 2);
    expect(pixels).toContain(4 * WIDTH + 5);
  });

  it('leaves annotations out beside detections, and says so', () => {
    const region = { ...feature([OUTLINES[0]], 0, {}), properties: { objectType: 'annotation' } };
    const conversion = convert('qupath', { [`${NAME}.geojson`]: json([region, feature([OUTLINES[1]], 1, null)]) });
    expect(pixelsOf(conversion)).toEqual([CELLS[1]]);
    expect([...conversion.warnings.keys()]).toEqual(['annotations']);
    const point = { ...region, geometry: { type: 'Point', coordinates: [1, 1] } };
    expect(() => convert('qupath', { [`${NAME}.geojson`]: json([point]) })).toThrow('object 1: its geometry is Point');
  });
});

describe('Kaggle Sartorius', () => {
  /** By rows, from 1. */
  const runs = (cell: number[]) => {
    const pairs: number[][] = [];
    for (const p of cell) {
      const last = pairs.at(-1);
      if (last && last[0] + last[1] === p + 1) last[1]++;
      else pairs.push([p + 1, 1]);
    }
    return pairs.flat().join(' ');
  };

  test('rows with runs of pixels; an image without cells has an empty one', () => {
    const csv = `id,predicted\n${CELLS.map((cell) => `${NAME},${runs(cell)}`).join('\n')}\nother,\n`;
    expectCells(convert('sartorius', { 'submission.csv': text(csv) }), UNSCORED);
    const scored = `id,predicted,score\n${CELLS.map((cell, i) => `${NAME},${runs(cell)},${SCORES[i]}`).join('\n')}`;
    expectCells(convert('sartorius', { 'submission.csv': text(scored) }));
  });

  it('says what is wrong, with the line', () => {
    for (const [rows, says] of [
      [`${NAME},1 2 3`, 'line 2: runs are pairs'],
      [`${NAME},30 2`, 'line 2: a run ends at pixel 31, but the image has 30'],
      ['nowhere,1 2', 'line 2: “nowhere” is no image'],
    ])
      expect(() => convert('sartorius', { 'submission.csv': text(`id,predicted\n${rows}`) })).toThrow(says);
    expect(() => convert('sartorius', { 'submission.csv': text('a,b\n') })).toThrow('expected id,predicted');
  });
});

test('compressed runs stay what they are, backslashes included', () => {
  const image = { ids: [1], fileNames: ['big.tif'], width: Uint32Array.of(1000), height: Uint32Array.of(1000) };
  const conversion = new Conversion({ images: image, category: 1, inflate: () => new Uint8Array() });
  const counts = encodeCounts([19, 1, 1000 * 1000 - 20]);
  expect(counts).toContain('\\');
  TOOLS.detectron2.add(
    { name: 'x.json', bytes: json([{ image_id: 1, score: 1, segmentation: { size: [1000, 1000], counts } }]) },
    conversion,
  );
  expect(conversion.detections[0].segmentation).toEqual({ size: [1000, 1000], counts });
});

test('detections without a pixel are left out and counted', () => {
  const outside = [
    [10, 10],
    [12, 10],
    [12, 12],
  ];
  const records = [
    { image_id: 7, score: 1, segmentation: [outside.flat()] },
    { image_id: 7, score: 1, segmentation: [OUTLINES[0].flat()] },
  ];
  const conversion = convert('detectron2', { 'coco_instances_results.json': json(records) });
  expect(pixelsOf(conversion)).toEqual([CELLS[0]]);
  expect(conversion.warnings.get('empty')).toMatchObject({ count: 1 });
});
