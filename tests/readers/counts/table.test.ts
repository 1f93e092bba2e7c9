/** Counts as people write them, and the message for every kind of wrong file. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { readCounts } from '#lib/readers/counts/compare.ts';
import { countDetections, readCountsFromDetections } from '#lib/readers/counts/detections.ts';
import { type Counts, readReferenceCounts, sniffCounts } from '#lib/readers/counts/table.ts';
import fc from '#tests/properties.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const golden = (name: string) => readFileSync(new URL(`../../fixtures/golden/counts/${name}`, import.meta.url));

const REFERENCE: Counts = {
  files: ['A172_Phase_B2_1_00d00h00m_1.tif', 'A172_Phase_B2_1_00d04h00m_1.tif', 'A172_Phase_B2_1_00d08h00m_1.tif'],
  counts: Float64Array.of(10, 20, 30),
  format: 'counts-json',
};
const [A, B, C] = REFERENCE.files;
const NAMES = ['A', 'B', 'C'];

/** Names of the reference for A, B and C. */
const fill = (text: string) => text.replace(/\$([ABC])/g, (_, name) => REFERENCE.files[NAMES.indexOf(name)]);

async function counts(text: string | Uint8Array): Promise<number[]> {
  const bytes = typeof text === 'string' ? encode(fill(text)) : text;
  const { rows } = await readCounts([bytes], REFERENCE);
  expect(rows.map(({ file }) => file)).toEqual(REFERENCE.files);
  expect(rows.map(({ reference }) => reference)).toEqual([10, 20, 30]);
  return rows.map(({ predicted }) => predicted);
}

async function problemsOf(reading: Promise<unknown>): Promise<Problem[]> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof FileRejected) return error.problems;
    throw error;
  }
  throw new Error('The file was read without a problem.');
}

const wrong = (text: string | Uint8Array) => problemsOf(counts(text));

describe('points in a column of counts', () => {
  test('separate thousands where other counts have none, and are refused', async () => {
    const problems = await wrong('image;count\n$A;1.000\n$B;850\n$C;12\n');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'count-not-a-number', record: 2 });
    expect(problems[0].message).toContain('separators of thousands');
  });

  test('are decimal points where every count has three decimals, with a warning', async () => {
    const { rows, warnings } = await readCounts(
      [encode(fill('image;count\n$A;1.000\n$B;850.000\n$C;12.000\n'))],
      REFERENCE,
    );
    expect(rows.map(({ predicted }) => predicted)).toEqual([1, 850, 12]);
    expect(warnings.map(({ code }) => code)).toEqual(['decimals-or-thousands']);
  });

  test.each([
    ['1.0', '850.000', '2e1', [1, 850, 20]],
    ['1.000', '850.000', '0.000', [1, 850, 0]],
  ])('are decimal points beside %s, %s and %s, without a word', async (a, b, c, expected) => {
    const { rows, warnings } = await readCounts([encode(fill(`image,count\n$A,${a}\n$B,${b}\n$C,${c}\n`))], REFERENCE);
    expect(rows.map(({ predicted }) => predicted)).toEqual(expected);
    expect(warnings).toEqual([]);
  });
});

describe('counts are read', () => {
  test.each([
    ['JSON', '{"$A": 1, "$B": 2, "$C": 3}'],
    ['JSON with numbers in quotes', '{"$A": "1", "$B": " 2 ", "$C": "3.0"}'],
    ['JSON with a byte order mark and white space', '\uFEFF\n {"$A" : 1,\r\n"$B":2.0,"$C":3e0 }\n\n'],
    [
      'JSON with escapes, folders and other extensions',
      '{"x\\/$A": 1, "c:\\\\y\\\\$B": 2, "A172_Phase_B2_1_00d08h00m_1.png": 3}',
    ],
    ['JSON in another order', '{"$C": 3, "$A": 1, "$B": 2}'],
    ['CSV', 'image,count\n$A,1\n$B,2\n$C,3\n'],
    ['CSV without a last line end', 'image,count\n$A,1\n$B,2\n$C,3'],
    ['CSV with a byte order mark and CRLF', '\uFEFFimage,count\r\n$A,1\r\n$B,2\r\n$C,3\r\n'],
    ['CSV of an old Macintosh', 'image,count\r$A,1\r$B,2\r$C,3\r'],
    ['CSV with quotes', '"image","count"\n"$A","1"\n"$B","2"\n"$C",3\n'],
    ['CSV with blank lines', '\n\nImage, Count\n\n$A, 1\n  \n,\n$B ,2\n$C,3\n\n\n'],
    ['CSV of a spreadsheet that writes semicolons, and an empty column', 'image;count\n$A;1;\n$B;2;\n$C;3;\n'],
    ['CSV with tabs', 'image\tcount\n$A\t1\n$B\t2\n$C\t3\n'],
    ['CSV with tabs and quotes', '"image"\t"count"\r\n"$A"\t"1"\r\n$B\t2\r\n$C\t3\r\n'],
    ['CSV with decimal commas', 'image;count\n$A;1,0\n$B;2,00\n$C;3\n'],
    ['CSV with decimal commas in quotes', 'image,count\n$A,"1,0"\n$B,2\n$C,3.0\n'],
    ['JSON with decimal commas in quotes', '{"$A": "1,0", "$B": 2, "$C": 3}'],
    ['CSV with the index of pandas', ',image,count\n0,$A,1\n1,$B,2\n2,$C,3\n'],
    ['CSV with the index of pandas, read and written again', 'Unnamed: 0;image;count\n0;$A;1\n1;$B;2\n2;$C;3\n'],
    ['CSV with row names of R', '"","image","count"\n"1","$A",1\n"2","$B",2\n"3","$C",3\n'],
    ['a table of R, whose header does not name them', '"image" "count"\n"1" "$A" 1\n"2" "$B" 2\n"3" "$C" 3\n'],
    ['CSV with an index behind', 'image,count,index\n$A,1,7\n$B,2,8\n$C,3,9\n'],
    ['CSV with a separator that is declared for Excel', 'sep=;\nimage;count\n$A;1\n$B;2\n$C;3\n'],
    ['CSV with a declared tab', 'sep=\t\r\nimage\tcount\r\n$A\t1\r\n$B\t2\r\n$C\t3\r\n'],
    ['CSV with comments', '# threshold 0.4\n#\nimage,count\n# first\n$A,1\n$B,2\n$C,3\n# end, of it\n'],
    ['text of numpy.savetxt', '# image,count\n$A,1\n$B,2\n$C,3\n'],
    ['CSV with bars', 'image|count\n$A|1\n$B|2\n$C|3\n'],
    ['CSV with filename', 'filename,count\n$A,1\n$B,2\n$C,3\n'],
    ['CSV with file_name and cell_count', 'file_name,cell_count\n$A,1\n$B,2\n$C,3\n'],
    ['CSV with Image Name and Number of cells', 'Image Name,Number of cells\n$A,1\n$B,2\n$C,3\n'],
  ])('%s', async (_, text) => {
    expect(await counts(text)).toEqual([1, 2, 3]);
  });

  test('in whatever pieces the file comes', async () => {
    const bytes = encode(fill('image,count\r\n"$A",1\r\n$B,2\r\n$C,3\r\n'));
    const { rows, detections, images, format } = await readCounts(
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
      REFERENCE,
    );
    expect(rows.map(({ predicted }) => predicted)).toEqual([1, 2, 3]);
    expect({ detections, images, format }).toEqual({ detections: 6, images: 3, format: 'counts-csv' });
  });

  test.each(['A172', 'A549'])('the golden series %s: CSV and JSON are one', async (type) => {
    const reference = await readReferenceCounts([golden(`${type}_counts.json`)]);
    expect(reference.files).toHaveLength(360);
    const json = await readCounts([golden(`${type}_predicted.json`)], reference);
    const csv = await readCounts([golden(`${type}_predicted.csv`)], reference);
    expect(csv.rows).toEqual(json.rows);
    expect([json.format, csv.format]).toEqual(['counts-json', 'counts-csv']);
  });

  test('CSV fields may hold quotes, separators and line ends', async () => {
    const { files, counts: found } = await readReferenceCounts([encode('image,count\n"a ""b"", c\nd",7\ne,8\n')]);
    expect(files).toEqual(['a "b", c\nd', 'e']);
    expect([...found]).toEqual([7, 8]);
  });
});

describe('a wrong count is told with its place', () => {
  test.each([
    [
      '{"$A": 1, "$B": -2, "$C": 3}',
      'negative-count',
      2,
      `Entry 2, image “${B}”: -2 is negative. A count is 0 or more.`,
    ],
    [
      'image,count\n$A,1\n\n$B,-2\n$C,3',
      'negative-count',
      4,
      `Line 4, image “${B}”: -2 is negative. A count is 0 or more.`,
    ],
    [
      '{"$A": 1, "$B": 2.5, "$C": 3}',
      'fractional-count',
      2,
      `Entry 2, image “${B}”: 2.5 is not a whole number. Count objects, or round before writing the file.`,
    ],
    [
      '{"$A": 1, "$B": null, "$C": 3}',
      'count-not-a-number',
      2,
      `Entry 2, image “${B}”: “null” is not a number. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      '{"$A": 1, "$B": NaN, "$C": 3}',
      'count-not-a-number',
      2,
      `Entry 2, image “${B}”: “NaN” is not a number. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      '{"$A": 1, "$B": "many", "$C": 3}',
      'count-not-a-number',
      2,
      `Entry 2, image “${B}”: “many” is not a number. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      '{"$A": 1, "$B": {"n": 2}, "$C": 3}',
      'count-not-a-number',
      2,
      `Entry 2, image “${B}”: “{"n": 2}” is not a number. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      'image,count\n$A,1\n$B,\n$C,3',
      'count-not-a-number',
      3,
      `Line 3, image “${B}”: the count is missing. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      'image,count\n$A,1\n$B\n$C,3',
      'count-not-a-number',
      3,
      `Line 3, image “${B}”: the count is missing. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      'image,count\n$A,1\n$B,0x1f\n$C,3',
      'count-not-a-number',
      3,
      `Line 3, image “${B}”: “0x1f” is not a number. Counts are digits alone, 0 where no cell was found.`,
    ],
    [
      'image;count\n$A;1\n$B;2,5\n$C;3',
      'fractional-count',
      3,
      `Line 3, image “${B}”: 2,5 is not a whole number. Count objects, or round before writing the file.`,
    ],
    [
      'image;count\n$A;1\n$B;1,234\n$C;3',
      'count-not-a-number',
      3,
      `Line 3, image “${B}”: “1,234” is not a number. Counts are digits alone, 0 where no cell was found. Leave the separators of thousands out.`,
    ],
    [
      '# by hand\nsep=;\nimage;count\n$A;1\n$B;-2\n$C;3',
      'negative-count',
      5,
      `Line 5, image “${B}”: -2 is negative. A count is 0 or more.`,
    ],
    [
      'image,count\n$A,1\n$B,1,234\n$C,3',
      'count-not-a-number',
      3,
      `Line 3, image “${B}”: “1,234” is not a number. Counts are digits alone, 0 where no cell was found. Leave the separators of thousands out.`,
    ],
    [
      '{"$A": 1, "$B": 20210101000, "$C": 3}',
      'count-too-large',
      2,
      `Entry 2, image “${B}”: 20210101000 is more cells than an image can hold. Is it another column, or a sum?`,
    ],
    [
      '{"$A": 1, "$B": 2, "$A": 4, "$C": 3}',
      'duplicate-image',
      3,
      `Entry 3: image “${A}” has a count already, in entry 1. Keep one of them.`,
    ],
    [
      'image,count\n$A,1\n$B,2\n$C,3\nA172_Phase_B2_1_00d00h00m_1.png,4',
      'duplicate-image',
      5,
      `Line 5: image “A172_Phase_B2_1_00d00h00m_1.png” has a count already, in line 2 as “${A}”. Keep one of them.`,
    ],
    [
      '{"$A": 1, "$B": 2, "$C": 3, "other.tif": 4}',
      'unknown-image',
      4,
      "Entry 4: image “other.tif” is not in this series. Use the series' own file names, and leave other images out.",
    ],
    ['{"$A": 1, "$B": 2, "": 3, "$C": 3}', 'no-image-name', 3, 'Entry 3 names no image.'],
    [
      '{"$A": 1, "$C": 3}',
      'missing-image',
      undefined,
      `There is no count for image “${B}”. Every image of the series needs one; write 0 where no cell was found.`,
    ],
  ])('%s', async (text, code, record, message) => {
    const problems = await wrong(text);
    expect(problems).toEqual([expect.objectContaining({ code, message })]);
    expect(problems[0].record).toBe(record);
  });

  test('lines are counted through quoted line ends', async () => {
    const problems = await wrong('image,count\r\n"x\r\ny",1\r\n$A,-1\r\n$B,2\r\n$C,3\r\n');
    expect(problems.map(({ code, record }) => [code, record])).toEqual([
      ['negative-count', 4],
      ['unknown-image', 2],
    ]);
  });

  test('everything at once', async () => {
    const problems = await wrong('image,count\n$A,-1\n$A,2\n$B,1.5\nz.tif,3\n');
    expect(problems.map(({ code }) => code).sort()).toEqual([
      'duplicate-image',
      'fractional-count',
      'missing-image',
      'negative-count',
      'unknown-image',
    ]);
  });

  test('the first hundred of a kind, then how many more', async () => {
    const rows = Array.from({ length: 250 }, (_, i) => `x${i}.tif,1`);
    const problems = await wrong(`image,count\n$A,1\n$B,1\n$C,1\n${rows.join('\n')}`);
    expect(problems).toHaveLength(100);
    expect(problems[99].more).toBe(150);
  });
});

describe('a file that is something else is told what it is', () => {
  test.each([
    ['', 'no-counts', /The file is empty\. Write/],
    [' \n\n', 'no-counts', /The file is empty/],
    ['{}', 'no-counts', /holds no counts/],
    ['image,count\n\n', 'no-counts', /holds no counts/],
    ['[{"image_id": 1}]', 'not-counts', /a JSON list, not counts per image\. .* a score threshold/],
    ['{"images": [], "annotations": []}', 'not-counts', /a COCO document, not counts/],
    ['count,image\n1,$A', 'wrong-header', /Line 1 is “count,image”, .* the other way round/],
    ['\n$A,1\n$B,2', 'wrong-header', /Line 2 is .* The header is missing/],
    ['image,count,score\n$A,1,1', 'wrong-header', /Name the two columns image and count/],
    ['# made by hand\n$A,1\n', 'wrong-header', /Line 2 is .* The header is missing/],
    ['image;count;area\n$A;1;1', 'wrong-header', /Name the two columns image and count/],
    ['{"counts": {"$A": 1}}', 'not-counts', /file names stand one level too deep, inside “counts”\. Write/],
    ['{"A172": {"$A": 1, "$B": 2}, "A549": {"x": 1}}', 'not-counts', /one level too deep, inside “A172”/],
    ['{"image": {"0": "$A"}, "count": {"0": 1}}', 'not-counts', /holds columns .*“image”.* pandas/],
    ['{"info": {"year": 2021}, "images": []}', 'not-counts', /a COCO document/],
    ['file,n\n$A,1', 'wrong-header', /Line 1 is “file,n”/],
    ['hello', 'wrong-header', /Line 1 is “hello”/],
    ['image,count\n"$A,1\n', 'not-csv', /Line 2: the quotation mark .* is never closed/],
    ['{"$A": 1, "$B" 2}', 'not-json', /Not valid JSON at byte \d+: expected a colon/],
    ['{"$A": 1 "$B": 2}', 'not-json', /expected a comma or the end of the object after entry 1/],
    ['{"$A": 1, "$B": 2', 'cut-off', /ends in the middle/],
    ['{"$A": 1} {', 'not-json', /expected the end of the file/],
  ])('%j', async (text, code, message) => {
    const [problem] = await wrong(text);
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(message);
  });

  test('text in UTF-16, and no text at all', async () => {
    expect((await wrong(Uint8Array.of(0xff, 0xfe, 0x69, 0, 0x6d, 0)))[0].message).toBe(
      'The file is text in UTF-16. Save it as UTF-8.',
    );
    expect((await wrong(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0)))[0].code).toBe('not-counts');
  });

  test('counts of the other cell type', async () => {
    const reference = await readReferenceCounts([golden('A172_counts.json')]);
    const [first, ...rest] = await problemsOf(readCounts([golden('A549_predicted.csv')], reference));
    expect(first).toEqual({
      code: 'wrong-series',
      message:
        "None of the 360 images is in this series: the file's begin with “A549”, the series' with “A172”. Is the file in the wrong slot?",
    });
    expect(rest).toHaveLength(100);
  });

  test('one image of another series', async () => {
    const [problem] = await wrong('{"other": 5}');
    expect(problem.message).toBe(
      `The one image of the file is not in this series. Use its file names, such as “${A}”; the file has “other”.`,
    );
  });

  test('counts by number', async () => {
    const [problem] = await wrong('image,count\n1,5\n2,6\n');
    expect(problem.message).toBe(
      `None of the 2 images is in this series. Use its file names, such as “${A}”; the file has “1”.`,
    );
  });

  test('any bytes at all end in counts or in problems', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc
            .string({
              unit: fc.constantFrom('"', ',', '\n', '\r', '{', '}', ':', '1', 'a', ' ', '-', '\\'),
              maxLength: 60,
            })
            .map((text) => encode(`image,count\n${text}`)),
          fc
            .string({ unit: fc.constantFrom('"', ',', '{', '}', ':', '1', 'a', '[', '\\', '.'), maxLength: 40 })
            .map((text) => encode(`{"a":1${text}`)),
        ),
        async (bytes) => {
          const outcome = await readReferenceCounts([bytes]).catch((error) => error);
          if (outcome instanceof FileRejected) expect(outcome.problems.length).toBeGreaterThan(0);
          else expect(outcome.files.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('detections are counted', () => {
  const detection = (image: string | number, score: unknown, more = {}) => ({
    image_id: image,
    ...more,
    bbox: [1, 2, 3, 4],
    segmentation: { size: [4, 4], counts: 'a]b"c}' },
    ...(score !== undefined && { score }),
  });
  const read = (document: unknown, options: { anyCategory?: boolean; pieces?: number } = {}) => {
    const bytes = encode(JSON.stringify(document));
    const size = options.pieces ?? bytes.length;
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    return readCountsFromDetections(chunks, REFERENCE, { scoreThreshold: 0.5, anyCategory: options.anyCategory });
  };
  const list = [
    detection(A, 0.9),
    detection('A172_Phase_B2_1_00d00h00m_1', 0.5),
    detection(B, 0.49999),
    detection(C, 1, { category_id: 1 }),
    detection(C, 1, { category_id: 2 }),
  ];

  test('from the threshold on, by file name with or without extension, cells alone', async () => {
    const found = await read(list);
    expect(found.rows.map(({ predicted }) => predicted)).toEqual([2, 0, 1]);
    expect(found).toMatchObject({ format: 'coco-json', detections: 3, images: 2 });
    expect(found.warnings).toEqual([
      expect.objectContaining({ code: 'category-not-scored', count: 1, examples: ['category 2: 1'] }),
      expect.objectContaining({ code: 'image-without-detections', count: 1, examples: [B] }),
    ]);
  });

  test('of every category when asked', async () => {
    const { rows, warnings } = await read(list, { anyCategory: true });
    expect(rows.map(({ predicted }) => predicted)).toEqual([2, 0, 2]);
    expect(warnings[0].code).toBe('category-counted-as-cell');
  });

  test('of a document, by its own images, however the stream is cut', async () => {
    const document = {
      info: { images: [1] },
      images: [
        { id: 7, file_name: `x/${C}` },
        { id: 'b', file_name: B },
      ],
      annotations: [detection(7, 0.7), detection(7, 0.8), detection('b', 0.6)],
      categories: [],
    };
    for (const pieces of [1, 7, 100_000]) {
      const { rows } = await read(document, { pieces });
      expect(rows.map(({ predicted }) => predicted)).toEqual([0, 1, 2]);
    }
  });

  test('that have been read already, with a file under several ids', () => {
    const detections = {
      count: 4,
      image: Int32Array.of(0, -1, 2, 2),
      score: Float64Array.of(0.5, 0.9, 0.2, Number.NaN),
    };
    expect([...countDetections(detections, [[1, 3]], 4, 0.5)]).toEqual([1, 1, 0, 1]);
  });

  test.each([
    ['an unknown image', [detection('z.tif', 1)], 'unknown-image', /^Detection 1: image “z.tif” is not in this series/],
    [
      'an image by number',
      [detection(A, 1), detection(17, 1)],
      'unknown-image',
      /^Detection 2: .* Write the file name as image_id instead of 17/,
    ],
    ['no image', [{ score: 1 }], 'no-image', /^Detection 1 has no image_id/],
    ['no score', [detection(A, undefined)], 'no-score', /^Detection 1 has no score/],
    ['a score in quotes', [detection(A, '0.9')], 'no-score', /^Detection 1 has no score/],
    ['nothing', [], 'no-detections', /no detections at all/],
    [
      'other categories alone',
      [detection(A, 1, { category_id: 0 })],
      'no-detections-of-category',
      /count categories from 0/,
    ],
    [
      'annotations first',
      { annotations: [detection(1, 1)], images: [{ id: 1, file_name: A }] },
      'annotations-before-images',
      /Write “images” first/,
    ],
    ['a text', 'x', 'not-a-list', /JSON but not a list of detections/],
  ])('%s is a problem', async (_, document, code, message) => {
    const [problem] = await problemsOf(read(document));
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(message);
  });

  test.each([
    ['one per line', list.map((detection) => JSON.stringify(detection)).join('\n')],
    ['in two lists', `${JSON.stringify(list.slice(0, 2))}\n${JSON.stringify(list.slice(2))}`],
    ['under “predictions”', JSON.stringify({ predictions: list })],
    ['with a byte order mark', `\uFEFF${JSON.stringify(list)}`],
  ])('%s', async (_what, text) => {
    expect(sniffCounts(encode(text))).toBeNull();
    const { rows } = await readCountsFromDetections([encode(text)], REFERENCE, { scoreThreshold: 0.5 });
    expect(rows.map(({ predicted }) => predicted)).toEqual([2, 0, 1]);
  });

  test('whose masks nobody could score, since only their number matters', async () => {
    const odd = [
      { image_id: A, score: 1 },
      { image_id: B, score: 1, segmentation: [], bbox: null },
      { image_id: C, score: 1, segmentation: { size: [1], counts: 'x' }, bbox: [-1] },
    ];
    expect((await read(odd)).rows.map(({ predicted }) => predicted)).toEqual([1, 1, 1]);
  });

  test('a file that was cut off says so', async () => {
    const bytes = encode(JSON.stringify(list).slice(0, -30));
    const [problem] = await problemsOf(readCountsFromDetections([bytes], REFERENCE, { scoreThreshold: 0 }));
    expect(problem).toMatchObject({ code: 'cut-off', record: 5 });
  });
});

test.each([
  ['{"a.tif": "8', 'counts-json'],
  ['\uFEFF{ "a.tif": 8', 'counts-json'],
  ['"image","count"\r\n', 'counts-csv'],
  ['image;count\na;1', 'counts-csv'],
  ['image\tcount\na\t1', 'counts-csv'],
  [',image,count\n0,a,1', 'counts-csv'],
  ['sep=;\nfilename;count\na;1', 'counts-csv'],
  ['# by hand\nimage,count', 'counts-csv'],
  ['[{"image_id": 1', null],
  ['{"images": [', null],
  ['{"info": {"', null],
  ['version https', null],
])('%j begins like %s', (text, format) => {
  expect(sniffCounts(encode(text))).toBe(format);
});
