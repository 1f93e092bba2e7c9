/** What the ends of a file tell before it is sent. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { LOOK_BYTES, lookAtOnce } from '#lib/readers/at-once.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const look = (file: Uint8Array) =>
  lookAtOnce(file.subarray(0, LOOK_BYTES), file.subarray(Math.max(LOOK_BYTES, file.length - LOOK_BYTES)));

const images = Array.from({ length: 6000 }, (_, id) => ({ id, file_name: `image-${id}.tif`, width: 704, height: 520 }));
const annotations = Array.from({ length: 500 }, (_, id) => ({ id, image_id: id, bbox: [1, 2, 3, 4], iscrowd: 0 }));
const scored = (score: unknown) => annotations.map(({ iscrowd: _, ...record }) => ({ ...record, score }));
const json = (value: unknown) => bytes(JSON.stringify(value));

test('an annotation file is told by its end, where its images fill the beginning', async () => {
  const file = json({ images, annotations });
  expect(file.length).toBeGreaterThan(LOOK_BYTES);
  expect((await look(file)).problem).toMatchObject({ code: 'annotations-not-predictions' });
});

test.each([
  ['annotations before images', json({ annotations, images })],
  ['gzipped', gzipSync(json({ images: images.slice(0, 900), annotations }))],
])('an annotation file: %s', async (_what, file) => {
  expect((await look(new Uint8Array(file))).problem?.code).toBe('annotations-not-predictions');
});

test.each([
  ['results', json(scored(0.5))],
  ['a document with scores', json({ images, annotations: scored(1) })],
  ['a list of annotations, which the reader refuses with its records', json(annotations)],
  ['a table of counts', bytes('image,count\na.tif,12\n')],
  ['damaged gzip', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3])],
  ['nothing', bytes('')],
])('nothing is said about %s', async (_what, file) => {
  expect(await look(file)).toEqual({});
});

test.each([
  [97.25, /such as 97\.25\. .*divide by 100/],
  [-1.5, /such as -1\.5\. .*sigmoid/],
  [1e3, /such as 1000\. .*sigmoid/],
])('a score of %s is noticed, and accepted', async (score, words) => {
  const found = await look(json([...scored(0.5), ...scored(score)]));
  expect(found.problem).toBeUndefined();
  expect(found.remark).toMatch(words);
});
