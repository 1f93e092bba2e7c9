/** The JSON of a file: where it breaks off, where it is wrong, and that it does not matter how it arrives. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Dataset, Objects } from '#lib/coco/dataset.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { readGroundTruth } from '#lib/readers/coco/ground-truth.ts';
import { type ReadPredictions, readPredictions } from '#lib/readers/coco/predictions.ts';
import { bytesOf, fiveCells, maskOf, packGroundTruth, perfect } from '#tests/coco/documents.ts';

let dataset: Dataset;
beforeAll(async () => {
  dataset = await packGroundTruth(fiveCells());
});

const read = (chunks: Uint8Array[]): Promise<ReadPredictions> =>
  readPredictions(() => chunks, { images: dataset.images, category: 1 });

async function problemOf(chunks: Uint8Array[]): Promise<Problem> {
  const error = await read(chunks).catch((error) => error);
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems[0];
}

/** Everything of a detection that a file can say, with escapes, numbers of all kinds and fields to be passed over. */
const FILE = String.raw`[
  {"image_id": 1, "category_id": 1, "score": 0.75, "bbox": [5, 5.0, 1.5e1, 12],
   "segmentation": {"size": [60, 80], "counts": "a9<~1000000000000000000000000000[~3"}, "extra": {"deep": [1, {"x": "}]\"\\", "y": [true, false, null]}]}},
  {"score":1e-1,"image_id":"A172_Phase_C7_1_00d00h00m_1.tif","segmentation":{"counts":[305,12,4483],"size":[60,80]},"bbox":null,"name":"a \u00e9 \ud83d\ude00"},
  {"image_id" : 2 , "s\u0063ore" : 0.5, "segmentation" : [[5.25, 30, 5, 42.5, 20, 42, 20.125, 30], [1, 1, 1, 4, 4, 4, 4, 1]]},
  {"image_id": 2, "score": -0.25, "score": 0.25, "segmentation": {"size": [60, 80], "counts": "\u0061\u0039<~1000000000000000000000000000\u005b~3"}}
]
`.replaceAll('~', '`');

/** All columns, without the room behind them. */
function columns(objects: Objects): unknown {
  const { count, image, box, area, score, maskScore, maskArea, maskExtent } = objects;
  const masks = Array.from({ length: count }, (_, k) => [...maskOf(objects, k)]);
  return {
    count,
    masks,
    ...Object.fromEntries(
      Object.entries({ image, box, area, score, maskScore, maskArea, maskExtent }).map(([k, v]) => [k, [...v]]),
    ),
  };
}

describe('what is read', () => {
  test('numbers, escapes, unknown fields, white space', async () => {
    const { detections } = await read([bytesOf(FILE)]);
    expect([...detections.image]).toEqual([0, 0, 1, 1]);
    expect([...detections.score]).toEqual([0.75, 0.1, 0.5, 0.25]);
    expect([...detections.box.subarray(0, 4)]).toEqual([5, 5, 15, 12]);
    expect([...detections.maskArea]).toEqual([180, 12, 191, 180]);
    expect(maskOf(detections, 3)).toEqual(maskOf(detections, 0));
  });

  test('it is what JSON.parse reads', async () => {
    const parsed = JSON.stringify(JSON.parse(FILE));
    const [ours, theirs] = await Promise.all([read([bytesOf(FILE)]), read([bytesOf(parsed)])]);
    expect(columns(ours.detections)).toEqual(columns(theirs.detections));
  });

  test.each([
    ['a byte-order mark', `\uFEFF${FILE}`],
    ['line ends of Windows', FILE.replaceAll('\n', '\r\n')],
    ['tabs, and blank lines around', `\n\n\t${FILE.replaceAll(' ', '\t')}\n\n`],
    ['no white space', JSON.stringify(JSON.parse(FILE))],
  ])('with %s', async (_what, text) => {
    const [ours, plain] = await Promise.all([read([bytesOf(text)]), read([bytesOf(FILE)])]);
    expect(columns(ours.detections)).toEqual(columns(plain.detections));
  });

  // the fast way converts digits itself; it has to round as everybody does
  test.each([
    '0.1',
    '0.30000000000000004',
    '123456789012345678',
    '9007199254740993',
    '0.12345678901234567890123',
    '1E+2',
    '-0',
    '2.5e-7',
    '179769313486231570000000000000000000000',
    '4.9e-324',
    '1e-400',
    '0.000000000000000000000001',
  ])('the number %s', async (written) => {
    const text = JSON.stringify([{ image_id: 1, score: 'X', bbox: [1, 1, 2, 2] }]).replace('"X"', written);
    const { detections } = await read([bytesOf(text)]);
    expect(detections.score[0]).toBe(JSON.parse(written));
  });

  test('of a key that comes twice the last counts, as everywhere', async () => {
    const text =
      '[{"image_id":9,"score":null,"bbox":[1,1,2,2],"segmentation":{"size":[1,1],"counts":[1]},"image_id":1,"score":0.5,"segmentation":null,"bbox":[3,3,4,4]}]';
    const { detections, hasMasks } = await read([bytesOf(text)]);
    expect([detections.count, detections.score[0], hasMasks]).toEqual([1, 0.5, false]);
    expect([...detections.box]).toEqual([3, 3, 4, 4]);
  });
});

describe('it does not matter how the bytes arrive', () => {
  test('cut into two at every byte, predictions are the same', async () => {
    const bytes = bytesOf(FILE);
    const whole = columns((await read([bytes])).detections);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { detections } = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
      if (JSON.stringify(columns(detections)) !== JSON.stringify(whole)) expect.fail(`differs when cut at byte ${cut}`);
    }
  });

  test.each([1, 2, 3, 7])('in pieces of %i bytes, predictions are the same', async (size) => {
    const bytes = bytesOf(FILE);
    const { detections } = await read(piecesOf(bytes, size));
    expect(columns(detections)).toEqual(columns((await read([bytes])).detections));
  });

  test.each(['images first', 'annotations first'])(
    'cut into two at every byte, ground truth is the same: %s',
    async (order) => {
      const { images, annotations, categories } = fiveCells();
      const document =
        order === 'images first' ? { images, categories, annotations } : { annotations, categories, images };
      const bytes = bytesOf(document);
      const packed = (chunks: Uint8Array[]): Promise<Dataset> =>
        readGroundTruth(
          () => chunks,
          () => '',
        );
      const whole = await packed([bytes]);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { images, objects } = await packed([bytes.subarray(0, cut), bytes.subarray(cut)]);
        const same =
          JSON.stringify([images, columns(objects)]) === JSON.stringify([whole.images, columns(whole.objects)]);
        if (!same) expect.fail(`differs when cut at byte ${cut}`);
      }
    },
  );

  test('a record number counts from the file’s beginning, not from a piece’s', async () => {
    const many = Array.from({ length: 300 }, (_, k) => ({
      image_id: 1,
      score: k === 271 ? null : 0.5,
      bbox: [1, 1, 2, 2],
    }));
    expect(await problemOf(piecesOf(bytesOf(many), 100))).toMatchObject({ code: 'score-missing', record: 272 });
  });
});

function piecesOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, k) => bytes.subarray(k * size, (k + 1) * size));
}

describe('a file that was cut off says so, and where', () => {
  test('at every byte', async () => {
    const text = JSON.stringify(JSON.parse(FILE));
    const bytes = bytesOf(text);
    for (let length = 0; length < bytes.length; length++) {
      const { code, message } = await problemOf([bytes.subarray(0, length)]);
      if (code !== 'cut-off' || !message.includes(`after byte ${length.toLocaleString('en')}:`))
        expect.fail(`cut at byte ${length}: ${code}: ${message}`);
    }
  });

  test('and in which record, and what to do', async () => {
    const bytes = bytesOf(perfect(fiveCells()));
    const problem = await problemOf([bytes.subarray(0, bytes.length - 20)]);
    expect(problem.record).toBe(5);
    expect(problem.message).toMatch(/The file ends in the middle.*Write it again and check its size/);
  });

  test('ground truth, too', async () => {
    const bytes = bytesOf(fiveCells());
    for (let length = 1; length < bytes.length; length += 7) {
      const error = await readGroundTruth(
        () => [bytes.subarray(0, length)],
        () => '',
      ).catch((error) => error);
      expect((error as FileRejected).problems[0]).toMatchObject({ code: 'cut-off' });
      expect((error as FileRejected).message).toContain(`after byte ${length.toLocaleString('en')}:`);
    }
  });
});

describe('a file that is not JSON says where', () => {
  /** Three good detections; HERE marks the mistake's place. */
  const record = '{"image_id":1,"score":0.5,"bbox":[1,1,2,2]}';

  test.each<[string, string, RegExp]>([
    ['a comma behind the last record', `[${record},HERE]`, /a comma follows the last record, number 1, found “\]”/],
    [
      'no comma between records',
      `[${record} HERE${record}]`,
      /expected a comma or the end of the list after record 1, found “\{”/,
    ],
    ['a comma before the first', `[HERE,${record}]`, /expected an object, found “,”/],
    ['a key without quotes', `[{HEREimage_id:1}]`, /expected a string in double quotes, found “i”/],
    ['single quotes', `[{HERE'image_id':1}]`, /expected a string in double quotes, found “'”/],
    ['no colon', `[{"image_id" HERE1}]`, /expected a colon, found “1”/],
    ['no value', `[{"image_id":HERE,"score":1}]`, /expected a value, found “,”/],
    ['a comma behind the last field', `[{"image_id":1,HERE}]`, /expected a string in double quotes, found “\}”/],
    [
      'no comma between fields',
      `[{"image_id":1 HERE"score":1}]`,
      /expected a comma or the end of the record, found “"”/,
    ],
    ['a wrong bracket', `[{"image_id":1HERE]`, /expected a comma or the end of the record, found “\]”/],
    ['a box that does not end', `[{"bbox":[1,2,3,4HERE}]`, /expected a comma or the end of the box, found “\}”/],
    ['a sign without a number', `[{"score":HERE-x}]`, /expected a number/],
    ['something behind the end', `[${record}]HERE7`, /expected the end of the file, found “7”/],
    ['another file behind it', `[${record}]\n\nHERE${record}`, /expected the end of the file, found “\{”/],
    ['a zero byte', `[${record},HERE\u0000${record}]`, /expected an object, found a byte 0/],
    ['prose', `HEREDear maintainers`, /expected an array of detections, found “D”/],
  ])('%s', async (_what, marked, message) => {
    const at = bytesOf(marked.slice(0, marked.indexOf('HERE'))).length;
    const problem = await problemOf([bytesOf(marked.replace('HERE', ''))]);
    expect(problem.code).toBe('not-json');
    expect(problem.message).toMatch(new RegExp(`^Not valid JSON at byte ${at}: `));
    expect(problem.message).toMatch(message);
  });

  test('with the number of the record, and large numbers written to be read', async () => {
    const text = `[${`${record},`.repeat(2000)}{"image_id":1,]`;
    const problem = await problemOf([bytesOf(text)]);
    expect(problem.record).toBe(2001);
    expect(problem.message).toContain(`at byte ${(text.length - 1).toLocaleString('en')}:`);
  });

  test('problems of records before it are listed, too', async () => {
    const text = `[{"image_id":1,"bbox":[1,1,2,2]},${record},,]`;
    const error = (await read([bytesOf(text)]).catch((error) => error)) as FileRejected;
    expect(error.problems.map(({ code, record }) => [code, record])).toEqual([
      ['not-json', 3],
      ['score-missing', 1],
    ]);
  });

  test('values nested without end', async () => {
    const deep = `[{"image_id":1,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`;
    expect((await problemOf([bytesOf(deep)])).message).toMatch(/nested more than 64 levels deep/);
  });

  test('a number of a million digits', async () => {
    const long = `[{"image_id":1,"score":0.${'1'.repeat(1_000_000)}}]`;
    expect((await problemOf([bytesOf(long)])).message).toMatch(/a number with thousands of digits/);
  });
});
