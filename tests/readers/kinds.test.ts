import { gzipSync, strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { sniff } from '#lib/readers/kinds.ts';

const DETECTIONS = strToU8('[{"image_id": 1, "score": 0.5, "bbox": [0, 0, 2, 2]}]');
const bytes = (...values: number[]) => Uint8Array.from([...values, ...new Array(64).fill(7)]);

test.each<[string, Uint8Array, string]>([
  ['a list of detections', DETECTIONS, 'coco-json'],
  ['a list with a byte-order mark and blank lines', strToU8('\uFEFF\n  [ {"image_id": 1}]'), 'coco-json'],
  ['a whole COCO document', strToU8('{"images": [], "annotations": []}'), 'coco-json'],
  ['an empty list (the readers say what is wrong with it)', strToU8('[]'), 'coco-json'],
  ['a first piece of one byte', strToU8('['), 'coco-json'],
  ['gzipped detections', gzipSync(DETECTIONS), 'gzip'],
  ['the first bytes of a gzip stream', gzipSync(DETECTIONS).subarray(0, 12), 'gzip'],
  ['zipped detections', zipSync({ 'coco_instances_results.json': DETECTIONS }), 'zip'],
  ['zipped detections beside a note', zipSync({ 'README.md': strToU8('hi'), 'a/b.json': DETECTIONS }), 'zip'],
  ['zipped label images', zipSync({ 'masks/A172_1_cp_masks.png': bytes(1) }), 'zip'],
  ['a zip cut off in its first name', zipSync({ 'label images for A172.json': DETECTIONS }).subarray(0, 24), 'zip'],
  ['NumPy arrays', zipSync({ 'A172_1.npy': bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0) }), 'zip'],
  ['counts', strToU8('image,count\na.tif,3\n'), 'unknown'],
])('lets through %s', async (_what, file, kind) => {
  expect(await sniff(file)).toEqual({ kind });
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(), /empty/],
  ['a PNG', bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /PNG.*zip/],
  ['a TIFF', bytes(0x49, 0x49, 0x2a, 0), /TIFF/],
  ['a PDF', strToU8('%PDF-1.7 and so on'), /PDF/],
  ['an old checkpoint', bytes(0x80, 0x02, 0x8a, 0x0a), /pickle/],
  ['a checkpoint', zipSync({ 'model/data.pkl': bytes(0x80, 2), 'model/data/0': bytes(1) }), /checkpoint/],
  ['weights in HDF5', bytes(0x89, 0x48, 0x44, 0x46), /HDF5.*weights/],
  ['a web page', strToU8('\n<!DOCTYPE html><html><title>Log in</title>'), /web page/],
  ['an Office document', zipSync({ '[Content_Types].xml': strToU8('<x/>') }), /Office/],
  ['a zip of code', zipSync({ 'train.py': strToU8('import torch') }), /train\.py/],
  ['an empty zip', zipSync({}), /empty/],
  ['a tar.gz', gzipSync(tar('predictions.json')), /tar\.gz/],
  ['a tar', tar('predictions.json'), /a \.tar archive.*\.zip/],
  ['a 7z archive', bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), /7z archive.*Use \.zip/],
  ['a RAR archive', bytes(0x52, 0x61, 0x72, 0x21, 0x1a, 7), /RAR archive.*Use \.zip/],
  ['one part of a zip', bytes(0x50, 0x4b, 0x07, 0x08, 0x50, 0x4b, 3, 4), /one part of several/],
  ['one NumPy array', bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0), /NumPy array without the name.*np\.savez/],
  ['a gzipped PNG', gzipSync(bytes(0x89, 0x50, 0x4e, 0x47)), /gzipped.*PNG/],
  ['broken gzip', bytes(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff), /gzip.*damaged/],
  ['a list of numbers', strToU8('[1, 2, 3]'), /not a detection/],
  ['prose', strToU8('Dear maintainers,'), /not JSON.*Dear/],
  ['a Git LFS pointer', strToU8('version https://git-lfs.github.com/spec/v1\noid'), /LFS/],
  ['GeoJSON of QuPath', strToU8('{"type": "FeatureCollection", "features": []}'), /GeoJSON, as QuPath.*label image/],
  ['a list of features', strToU8('[{"type": "Feature", "geometry": {}}]'), /GeoJSON/],
  [
    'labelme',
    strToU8('{"version": "5.0", "flags": {}, "shapes": [{"label": "cell", "points": []}], "imagePath": "a.tif"}'),
    /labelme.*one COCO file/,
  ],
  [
    'regions of ImageJ',
    zipSync({ '0001-0012-0034.roi': strToU8('Iout') }),
    /regions of interest of ImageJ.*label image/,
  ],
  ['detections in a list per image', strToU8('[[{"image_id": 1}], []]'), /list of lists.*one list/],
  ['text in Latin-1', Uint8Array.from([...strToU8('# Z'), 0xe4, ...strToU8('hlung\nimage,count\n')]), /not in UTF-8/],
  ['noise', bytes(0xc3, 0x00, 0x9f, 0x01), /binary/],
])('refuses %s and says what it is', async (_what, file, message) => {
  expect((await sniff(file)).problem?.message).toMatch(message);
});

function tar(name: string): Uint8Array {
  const header = new Uint8Array(1024);
  header.set(strToU8(name));
  header.set(strToU8('ustar'), 257);
  return header;
}
