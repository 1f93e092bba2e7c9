import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ObjectsBuilder } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import type { Target } from '#lib/readers/coco/predictions.ts';
import { decodeLabelImage } from '#lib/readers/labels/decode.ts';
import type { LabelFile } from '#lib/readers/labels/label-files.ts';
import type { LabelImage } from '#lib/readers/labels/label-image.ts';
import { appendLabels, finishLabels, readLabelMasks, readLabelPart } from '#lib/readers/labels/label-masks.ts';
import fc from '#tests/properties.ts';

const folder = join(import.meta.dirname, '../../fixtures/labels');
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const inflate = (data: Uint8Array, most: number): Uint8Array => inflateSync(data, { maxOutputLength: most });

/** Three files, the second under two ids. */
const FILES = [
  'BV2_Phase_A4_1_00d00h00m_1.tif',
  'SKOV3_Phase_E4_1_00d00h00m_2.tif',
  'Huh7_Phase_A12_1_00d00h00m_3.tif',
];
const target: Target = {
  images: {
    ids: [11, 12, 13, 14],
    fileNames: [FILES[0], FILES[1], FILES[1], FILES[2]],
    width: Uint32Array.of(70, 70, 70, 70),
    height: Uint32Array.of(52, 52, 52, 52),
  },
  category: 1,
};
const stems = FILES.map((name) => name.slice(0, -4));

const member = (name: string, from: string | Uint8Array): LabelFile => {
  const bytes = typeof from === 'string' ? fixture(from) : from;
  return { name, bytes: bytes.length, read: async () => bytes };
};
const read = (...files: LabelFile[]) => readLabelMasks(files, target, { inflate });
async function problemsOf(...files: LabelFile[]) {
  const error = await read(...files).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems;
}

describe('labels become masks', () => {
  const arrange = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })).chain(([width, height]) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      // few values, so that parts touch and come apart; some beyond any table
      labels: fc.array(fc.constantFrom(0, 0, 1, 2, 3, 65_535, 70_000, 4_294_967_295), {
        minLength: width * height,
        maxLength: width * height,
      }),
    }),
  );
  const image = ({ width, height, labels }: { width: number; height: number; labels: number[] }): LabelImage => ({
    width,
    height,
    bits: 32,
    labels: Uint32Array.from(labels),
  });
  const objectsOf = (labels: LabelImage) => {
    const builder = new ObjectsBuilder(true, 1);
    appendLabels(labels, 0, builder, (code) => expect.fail(code));
    return builder.finish();
  };

  test('each label other than 0 is one object with just its pixels, whether they touch or not', () => {
    fc.assert(
      fc.property(arrange, (made) => {
        const { width, height, labels } = made;
        const objects = objectsOf(image(made));
        const painted = new Uint32Array(width * height);
        const [intervals] = objects.intervals;
        for (let n = 0; n < objects.count; n++) {
          let label = 0;
          let area = 0;
          for (let k = objects.maskStart[n]; k < objects.maskEnd[n]; k += 2) {
            for (let p = intervals[k]; p < intervals[k + 1]; p++) {
              const at = (p % height) * width + Math.floor(p / height);
              label ||= labels[at];
              expect(labels[at]).toBe(label);
              painted[at] = label;
              area++;
            }
          }
          expect(objects.maskArea[n]).toBe(area);
        }
        expect([...painted]).toEqual(labels);
        expect(objects.count).toBe(new Set(labels.filter((label) => label > 0)).size);
      }),
    );
  });

  test('other numbers for the same cells give the same objects in the same order', () => {
    fc.assert(
      fc.property(arrange, fc.integer({ min: 1, max: 1_000_000 }), (made, factor) => {
        const renamed = {
          ...made,
          labels: made.labels.map((label) => (label === 0 ? 0 : ((label * 7 + factor) % 9_999_991) + 1)),
        };
        if (new Set(renamed.labels).size !== new Set(made.labels).size) return;
        expect(objectsOf(image(renamed))).toEqual(objectsOf(image(made)));
      }),
    );
  });
});

describe('an archive', () => {
  test('is read whatever folders and endings its names have, and a file under two ids counts for both', async () => {
    const found = await read(
      member(`deep/er/${stems[2]}_label.png`, 'pillow_u16.png'),
      member(`${stems[0]}_cp_masks.tif`, 'zlib_i32.tif'),
      member(`${stems[1]}_masks.ome.tif`, 'ome_u16.ome.tif'),
    );
    expect(found).toMatchObject({
      format: 'label-images',
      unscored: true,
      hasMasks: true,
      images: 4,
      groups: [[1, 2]],
    });
    expect(found.detections.count).toBe(3 * 7);
    // in the order of the images
    expect([...found.detections.image].filter((image, k, all) => image !== all[k - 1])).toEqual([0, -1, 3]);
    expect(found.warnings).toEqual([]);
  });

  test('read in parts is the same as read in one', async () => {
    const files = [
      member(`${stems[2]}.png`, 'pillow_u16.png'),
      member(`${stems[0]}.tif`, 'zlib_i32.tif'),
      member(`${stems[1]}.ome.tif`, 'ome_u16.ome.tif'),
    ];
    const whole = await read(...files);
    for (const parts of [2, 5]) {
      const read = [...Array(parts).keys()].map((part) => readLabelPart(files, target, { inflate, part, parts }));
      const joined = finishLabels(await Promise.all(read), files, target);
      expect([...joined.detections.image]).toEqual([...whole.detections.image]);
      expect([...joined.detections.maskArea]).toEqual([...whole.detections.maskArea]);
      expect(joined.warnings).toEqual(whole.warnings);
    }
    const wrong = await Promise.all(
      [0, 1].map((part) =>
        readLabelPart([...files, member('x.png', 'pillow_u16.png')], target, { inflate, part, parts: 2 }),
      ),
    );
    // a wrong name is said once
    expect(wrong.flatMap(({ problems }) => problems)).toMatchObject([{ code: 'unknown-image' }]);
  });

  test('may leave images out: they have no detections, and are named', async () => {
    const { warnings } = await read(member(`${stems[0]}.png`, 'pillow_u16.png'));
    expect(warnings).toMatchObject([{ code: 'image-without-detections', count: 3 }]);
    expect(warnings[0].examples).toContain(`${FILES[2]} (no label image)`);
  });

  test.each<[string, string, LabelFile[], string, RegExp]>([
    ['an unknown name', 'x.png', [member('x.png', 'pillow_u16.png')], 'unknown-image', /“x.png” belongs to no image/],
    [
      'two files for one image',
      '',
      [member(`a/${stems[0]}.png`, 'pillow_u16.png'), member(`b/${stems[0]}_masks.tif`, 'zlib_i32.tif')],
      'two-label-images',
      /a\/.*and.*b\//,
    ],
    [
      '8 bits that are full',
      '',
      [member(`${stems[0]}.png`, 'bad_saturated.png')],
      'label-image-8-bit',
      /cut off.*16-bit/,
    ],
    [
      'a black and white mask',
      '',
      [member(`${stems[0]}.png`, 'bad_binary.png')],
      'label-image-8-bit',
      /black and white/,
    ],
    ['negative labels', '', [member(`${stems[0]}.tif`, 'bad_negative.tif')], 'label-image-negative', /-1/],
    ['an image of another size', '', [member(`${stems[0]}.tif`, 'bad_size.tif')], 'label-image-size', /69 × 52/],
    ['no image', '', [member(`${stems[0]}.png`, 'labels.json')], 'not-a-label-image', /neither a PNG nor a TIFF/],
    ['nothing', '', [member(`${stems[0]}.png`, new Uint8Array())], 'not-a-label-image', /neither/],
  ])('with %s is refused, naming file and image', async (_what, _name, files, code, message) => {
    const problems = await problemsOf(...files, member(`${stems[2]}.png`, 'pillow_u16.png'));
    expect(problems).toHaveLength(1);
    expect(problems[0].code).toBe(code);
    expect(problems[0].message).toMatch(message);
    expect(problems[0].message).toContain(files.at(-1)!.name);
  });

  test.each([
    '.stardist.tif',
    '-labels.png',
    '_pred.tif',
    '_prediction.tif',
    '_predictions.png',
    '_seg.tif',
    '_segmentation.tif',
    '_Object Identities.tif',
    '_Object-Identities.tiff',
    '_cp_masks.png',
    '_CP_MASKS.TIF',
    '-mask.png',
    '_instance_ids.png',
    '_labels.ome.tif',
    '.tif.stardist.tif',
    '_pred_masks.npy',
    '.npy',
    '_seg.npy',
  ])('takes the ending %s off', async (ending) => {
    const bytes = ending.endsWith('.npy') ? 'u2.npy' : ending.endsWith('.png') ? 'pillow_u16.png' : 'plain_u16.tif';
    expect((await read(member(`out/${stems[0]}${ending}`, bytes))).detections.count).toBe(7);
  });

  test('an image whose own name has such an ending keeps it', async () => {
    const own = { ...target, images: { ...target.images, fileNames: ['a.tif', 'a_pred.tif', 'b.tif', 'c.tif'] } };
    const { detections } = await readLabelMasks([member('a_pred.tif', 'plain_u16.tif')], own, { inflate });
    expect([...new Set(detections.image)]).toEqual([1]);
  });

  test('Cellpose’s pickle is skipped beside its masks, and named where it is alone', async () => {
    const pickle = member(`${stems[0]}_seg.npy`, 'bad_pickle.npy');
    const masks = member(`${stems[0]}_cp_masks.png`, 'pillow_u16.png');
    expect((await read(pickle, masks)).detections.count).toBe(7);
    expect((await read(masks, pickle)).detections.count).toBe(7);
    const [problem] = await problemsOf(pickle);
    expect(problem).toMatchObject({ code: 'numpy-pickle', message: expect.stringMatching(/_seg\.npy”.*pickle/) });
  });

  test('arrays without names are told how to get them', async () => {
    const [problem] = await problemsOf(member('arr_0.npy', 'u2.npy'));
    expect(problem.message).toMatch(/“arr_0.npy” belongs to no image.*np\.savez\(path/);
  });

  test('letters in one piece and in two are the same name', async () => {
    const own = { ...target, images: { ...target.images, fileNames: ['Zürich.tif', 'b.tif', 'c.tif', 'd.tif'] } };
    const decomposed = member('Zu\u0308rich_cp_masks.png', 'pillow_u16.png');
    expect((await readLabelMasks([decomposed], own, { inflate })).detections.count).toBe(7);
  });

  test('files of one name in several folders belong to the images of their folders', async () => {
    const names = ['01/t000.tif', '02/t000.tif', '01/t001.tif', 'other.tif'];
    const own = { ...target, images: { ...target.images, fileNames: names } };
    const files = ['01/t000_cp_masks.png', 'out/02/t000.stardist.png', '01/t001.png'];
    const found = await readLabelMasks(
      files.map((name) => member(name, 'pillow_u16.png')),
      own,
      { inflate },
    );
    expect([...new Set(found.detections.image)]).toEqual([0, 1, 2]);
    const error = await readLabelMasks([member('t000_cp_masks.png', 'pillow_u16.png')], own, { inflate }).catch(
      (e) => e,
    );
    expect(error.problems).toMatchObject([
      {
        code: 'unknown-image',
        message: expect.stringMatching(/“01\/t000.tif” or “02\/t000.tif”\. Put it into a folder/),
      },
    ]);
  });

  test('with one label in every image is read with a warning', async () => {
    const single = [0, 2].map((i) => member(`${stems[i]}.png`, 'one_cell.png'));
    const warned = ({ warnings }: Awaited<ReturnType<typeof read>>) => warnings.map(({ code }) => code);
    expect(warned(await read(...single))).toContain('one-label-per-image');
    expect(warned(await read(single[0], member(`${stems[2]}.png`, 'pillow_u16.png')))).not.toContain(
      'one-label-per-image',
    );
    expect(warned(await read(single[0], member(`${stems[2]}.png`, 'one_cell_in_two.png')))).toContain('label-in-parts');
  });

  test('8 bits that are not full are enough', async () => {
    expect((await read(member(`${stems[0]}.png`, 'pillow_u8.png'))).detections.count).toBe(7);
  });

  test('with a member that is too large for its image is refused before it is unpacked', async () => {
    const file: LabelFile = {
      name: `${stems[0]}.png`,
      bytes: 2 ** 31,
      read: () => Promise.reject(new Error('was read')),
    };
    expect(await problemsOf(file)).toMatchObject([{ code: 'label-image-too-large' }]);
  });

  test('with background only is refused', async () => {
    expect(await problemsOf(member(`${stems[0]}.tif`, blank()))).toMatchObject([{ code: 'no-detections' }]);
  });
});

/** An image of zeros, deflated, in one strip. */
function blank(): Uint8Array {
  const pixels = deflateSync(new Uint8Array(70 * 52 * 2));
  const tags: [number, number][] = [
    [256, 70],
    [257, 52],
    [258, 16],
    [259, 8],
    [262, 1],
    [273, 8 + 2 + 12 * 7 + 4],
    [279, pixels.length],
  ];
  const tiff = Buffer.alloc(8 + 2 + 12 * tags.length + 4 + pixels.length);
  tiff.write('II*\0');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, value], k) => {
    tiff.writeUInt16LE(tag, 10 + 12 * k);
    tiff.writeUInt16LE(4, 12 + 12 * k);
    tiff.writeUInt32LE(1, 14 + 12 * k);
    tiff.writeUInt32LE(value, 18 + 12 * k);
  });
  tiff.set(pixels, 8 + 2 + 12 * tags.length + 4);
  return tiff;
}

describe('a table of scores beside label images', () => {
  const table = (text: string, name = 'scores.csv') => member(name, new TextEncoder().encode(text));
  const pictures = [member(`${stems[0]}_cp_masks.png`, 'pillow_u16.png'), member(`${stems[1]}.png`, 'pillow_u16.png')];
  const NUMBERS = [...new Set(decodeLabelImage(fixture('pillow_u16.png'), { width: 70, height: 52 }, inflate).labels)]
    .filter((label) => label > 0)
    .sort((a, b) => a - b);
  const lines = (score: (image: number, label: number) => string | number) =>
    [0, 1].flatMap((image) => NUMBERS.map((label) => `${FILES[image]},${label},${score(image, label)}`));

  test('gives each cell its score, whatever the order of lines and columns and the separator', async () => {
    const plain = await read(...pictures);
    expect(plain.unscored).toBe(true);
    const scoreOf = (image: number, label: number) => 1 - image / 10 - label / 100_000;
    const rows = lines(scoreOf);
    const scored = await read(table(['image,label,score', ...rows].join('\n')), ...pictures);
    expect(scored.unscored).toBeUndefined();
    expect(scored.warnings.filter(({ code }) => code === 'all-scores-equal')).toEqual([]);
    expect([...scored.detections.maskArea]).toEqual([...plain.detections.maskArea]);
    const { count, image, score, maskScore } = scored.detections;
    expect(count).toBe(2 * NUMBERS.length);
    // the two images hold the same labels, so their cells differ by a tenth
    for (let n = 0; n < NUMBERS.length; n++) expect(score[n] - score[n + NUMBERS.length]).toBeCloseTo(0.1, 9);
    expect([...score.subarray(0, count)].sort()).toEqual(
      [0, 1].flatMap((i) => NUMBERS.map((label) => scoreOf(i, label))).sort(),
    );
    expect([...maskScore.subarray(0, count)]).toEqual([...score.subarray(0, count)]);
    expect(image[0]).not.toBe(image[NUMBERS.length]);
    const other = rows.toReversed().map((row) => {
      const [name, label, value] = row.split(',');
      return `${value};x;${name.replace('.tif', '_cp_masks.png')};${label}`;
    });
    const again = await read(...pictures, table(`\uFEFFscore;note;Image;Label\r\n${other.join('\r\n')}\r\n`));
    expect(again.detections).toEqual(scored.detections);
  });

  test('several threads read the same', async () => {
    const files = [...pictures, table(['image,label,score', ...lines((i, label) => label + i)].join('\n'))];
    const whole = await read(...files);
    const parts = await Promise.all([0, 1, 2].map((part) => readLabelPart(files, target, { inflate, part, parts: 3 })));
    const joined = finishLabels(parts, files, target);
    const { count } = whole.detections;
    expect([...joined.detections.score.subarray(0, count)]).toEqual([...whole.detections.score.subarray(0, count)]);
    expect(joined.warnings).toEqual(whole.warnings);
  });

  test('says where it is wrong', async () => {
    const good = lines(() => 0.5);
    const wrong = async (...rows: string[]) => problemsOf(...pictures, table(rows.join('\n')));
    expect(await wrong('cell,confidence', ...good)).toEqual([
      {
        code: 'scores-header',
        record: 1,
        message:
          '“scores.csv”, line 1 is “cell,confidence”. Expected a table with the columns image, label and score, one line per cell.',
      },
    ]);
    expect(await wrong('')).toMatchObject([{ code: 'scores-header' }]);
    const head = 'image,label,score';
    expect(await wrong(head, ...good.slice(1))).toMatchObject([
      {
        code: 'score-missing',
        image: FILES[0],
        message: expect.stringContaining(`no score for label ${NUMBERS[0]} of`),
      },
    ]);
    const found = await wrong(
      head,
      ...good.slice(3),
      'elsewhere.tif,1,0.5',
      `${FILES[0]},0,0.5`,
      `${FILES[1]},${NUMBERS[0]},0.7`,
      `${FILES[0]},${NUMBERS[0]},high`,
      `${FILES[0]},${NUMBERS[1]},NaN`,
      `${FILES[0]},${NUMBERS[2]}`,
    );
    const from = good.length - 1;
    expect(found.map(({ code, record }) => [code, record])).toEqual([
      ['unknown-image', from],
      ['label-without-cell', from + 1],
      ['two-scores', from + 2],
      ['score-not-a-number', from + 3],
      ['score-not-a-number', from + 5],
      ['score-not-finite', from + 4],
    ]);
    expect(found[2].message).toContain(`has a score already, in line`);
    expect(found[3].message).toBe(
      `“scores.csv”, line ${from + 3}: the score is “high”; expected a number, such as 0.93.`,
    );
    expect(await wrong(`${head}\n"a,1,0.5`)).toMatchObject([{ code: 'scores-header', record: 2 }]);
  });
});
