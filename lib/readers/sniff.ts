/**
 * What kind of file the first bytes belong to. The browser looks before anything is sent, the server as soon as the
 * first bytes arrive, the readers before they read: one rule for all.
 */
import type { Problem } from '../scoring/report.ts';

export type FileKind = 'json' | 'gzip' | 'zip' | 'unknown';

const EXPECTED =
  'Send COCO results: a JSON array of detections {image_id, score, segmentation, bbox}, plain or gzipped (.json, .json.gz).';

/** Kinds of file that people upload by mistake, by their first bytes. */
const KNOWN: { starts: readonly number[]; name: string }[] = [
  { starts: [0x89, 0x50, 0x4e, 0x47], name: 'a PNG image' },
  { starts: [0x49, 0x49, 0x2a, 0x00], name: 'a TIFF image' },
  { starts: [0x4d, 0x4d, 0x00, 0x2a], name: 'a TIFF image' },
  { starts: [0xff, 0xd8, 0xff], name: 'a JPEG image' },
  { starts: [0x25, 0x50, 0x44, 0x46], name: 'a PDF document' },
  { starts: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], name: 'a NumPy array' },
  { starts: [0x89, 0x48, 0x44, 0x46], name: 'an HDF5 file' },
  { starts: [0x80, 0x02], name: 'a Python pickle (a model checkpoint?)' },
  { starts: [0x80, 0x03], name: 'a Python pickle' },
  { starts: [0x80, 0x04], name: 'a Python pickle' },
  { starts: [0x80, 0x05], name: 'a Python pickle' },
  { starts: [0x42, 0x5a, 0x68], name: 'a bzip2 archive' },
  { starts: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: 'an xz archive' },
  { starts: [0x28, 0xb5, 0x2f, 0xfd], name: 'a Zstandard archive' },
  { starts: [0x37, 0x7a, 0xbc, 0xaf], name: 'a 7-Zip archive' },
  { starts: [0x7f, 0x45, 0x4c, 0x46], name: 'a program' },
];

/**
 * @param first the first bytes of a file; 16 are enough, more white space before the JSON needs more
 * @returns its kind, and for a kind that cannot be scored the problem to show
 */
export function sniff(first: Uint8Array): { kind: FileKind; problem?: Problem } {
  const starts = (bytes: readonly number[]): boolean => bytes.every((byte, i) => first[i] === byte);
  if (starts([0x1f, 0x8b])) return { kind: 'gzip' };
  if (starts([0x50, 0x4b])) {
    return starts([0x50, 0x4b, 0x05, 0x06]) ? wrong('This zip archive is empty.') : { kind: 'zip' };
  }
  let i = starts([0xef, 0xbb, 0xbf]) ? 3 : 0;
  while (i < first.length && (first[i] === 32 || (first[i] >= 9 && first[i] <= 13))) i++;
  if (first[i] === 0x5b || first[i] === 0x7b) return { kind: 'json' }; // [ or {
  if (first.length === 0) return wrong('This file is empty.');
  if (i === first.length) return wrong('This file begins with nothing but white space.');
  const known = KNOWN.find(({ starts: bytes }) => starts(bytes));
  if (known) return wrong(`This is ${known.name}, not a file of predictions.`);
  if (first[i] === 0x3c) return wrong('This looks like a web page or XML (a download that failed?), not JSON.');
  if (starts([0xff, 0xfe]) || starts([0xfe, 0xff])) return wrong('This text is UTF-16; save it as UTF-8.');
  const text = [...first.subarray(i, i + 12)].map((byte) =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·',
  );
  return wrong(`This is not JSON: it begins with “${text.join('')}”.`);
}

function wrong(what: string): { kind: 'unknown'; problem: Problem } {
  return { kind: 'unknown', problem: { code: 'wrong-kind-of-file', message: `${what} ${EXPECTED}` } };
}
