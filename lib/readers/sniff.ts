/**
 * What kind of file begins with these bytes? Asked in the browser before anything is sent, and by the server when the
 * first bytes arrive, so a wrong file costs seconds instead of an upload. It refuses only what no reader could read:
 * whether the content is right is the readers' business. No `node:` module here, it runs in both places.
 */

import { Gunzip } from 'fflate';
import type { Problem } from '#lib/problems.ts';
import { quoted } from './problem-list.ts';

export interface Sniffed {
  kind: 'coco-json' | 'gzip' | 'zip' | 'unknown';
  /** absent: a reader may be able to read this */
  problem?: Problem;
}

const WANTED =
  'Send COCO results (a JSON list of detections), plain, gzipped or as the only file of a .zip; or a .zip with one label image per test image, or a .npz with one label array.';

/** The beginnings of files that people have uploaded to benchmarks by mistake. */
const SIGNATURES: readonly [bytes: readonly number[], is: string, hint?: string][] = [
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image', 'Label images go into one .zip, one per test image.'],
  [[0x49, 0x49, 0x2a, 0x00], 'a TIFF image', 'Label images go into one .zip, one per test image.'],
  [[0x4d, 0x4d, 0x00, 0x2a], 'a TIFF image', 'Label images go into one .zip, one per test image.'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF'],
  [[0x89, 0x48, 0x44, 0x46], 'an HDF5 file', 'Model weights are not submitted, only what the model predicted.'],
  [
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59],
    'a NumPy array without the name of its image',
    'Write one label array per image with np.savez(path, **{name: labels}), or put .npy files named by image into one .zip.',
  ],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive', 'Use .zip or gzip.'],
  [[0x52, 0x61, 0x72, 0x21], 'a RAR archive', 'Use .zip or gzip.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'an xz file', 'Use .zip or gzip.'],
  [[0x42, 0x5a, 0x68], 'a bzip2 file', 'Use .zip or gzip.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd file', 'Use .zip or gzip.'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'Write the predictions as COCO results.'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program'],
  [[0xff, 0xfe], 'text in UTF-16', 'Save it as UTF-8.'],
  [[0xfe, 0xff], 'text in UTF-16', 'Save it as UTF-8.'],
];

/** Members a reader looks at; everything else in a zip is passed over. */
const RELEVANT = /\.(json|geojson|csv|tsv|tiff?|png|npy|npz|gz|zip)$|(^|\/)[^./]+$/i;
const CHECKPOINT = /(^|\/)(data\.pkl|byteorder|constants\.pkl)$|\.(pth?|ckpt|safetensors|pkl|onnx|bin)$/i;
const ASIDE = /\/$|^__MACOSX\/|(^|\/)\.[^/]*$|\.(txt|md)$/i;

export function sniff(firstBytes: Uint8Array): Sniffed {
  if (firstBytes.length === 0) return wrong('unknown', 'empty', 'The file is empty.');
  if (begins(firstBytes, [0x1f, 0x8b])) return sniffGzip(firstBytes);
  if (begins(firstBytes, [0x50, 0x4b])) return sniffZip(firstBytes);
  return sniffPlain(firstBytes, 'unknown');
}

function sniffPlain(bytes: Uint8Array, wrapper: 'unknown' | 'gzip'): Sniffed {
  const inside = wrapper === 'gzip' ? 'The gzipped file' : 'This';
  for (const [signature, is, hint] of SIGNATURES)
    if (begins(bytes, signature)) return wrong(wrapper, 'wrong-kind', `${inside} is ${is}. ${hint ?? ''}`);
  if (isTar(bytes))
    return wrong(wrapper, 'wrong-kind', `${inside} is a .tar archive. Use .zip, or gzip the JSON file alone.`);
  // Python's pickle (and old PyTorch checkpoints): 0x80 and the protocol's number
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
    return wrong(
      wrapper,
      'wrong-kind',
      `${inside} is a Python pickle, perhaps a model checkpoint. Only what the model predicted is submitted.`,
    );

  const text = new TextDecoder('utf-8')
    .decode(bytes)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text === '') return wrong(wrapper, 'wrong-kind', `${inside} begins with nothing but blank space.`);
  if (/^(<!doctype|<html|<\?xml|<svg|<[a-z])/i.test(text))
    return wrong(
      wrapper,
      'wrong-kind',
      `${inside} is a web page or XML, not predictions: perhaps a download that asked for a login.`,
    );
  const kind = wrapper === 'gzip' ? 'gzip' : 'coco-json';
  if (/^[[{]/.test(text)) {
    if (/^\[\s*[^{\]\s]/.test(text))
      return wrong(
        kind,
        'not-detections',
        `${inside} is a JSON list, but its first element is not a detection {"image_id": …, "score": …, "segmentation": …}.`,
      );
    return { kind };
  }
  if (/^"?image"?\s*[,;]\s*"?count"?/i.test(text)) return { kind: wrapper };
  if (text.startsWith('version https://git-lfs'))
    return wrong(
      wrapper,
      'wrong-kind',
      `${inside} is a Git LFS pointer, not the file it points to. Run “git lfs pull” first.`,
    );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how binary data is told from text
  const binary = /[\u0000-\u0008\uFFFD]/.test(text.slice(0, 512));
  return wrong(
    wrapper,
    'wrong-kind',
    binary
      ? `${inside} is a binary file of an unknown kind.`
      : `${inside} is text, but not JSON: it begins with ${quoted(text.slice(0, 24).replace(/\s+/g, ' '))}.`,
  );
}

/** Unpacks just enough of a gzip stream to see what is in it. */
function sniffGzip(bytes: Uint8Array): Sniffed {
  const start: Uint8Array[] = [];
  let size = 0;
  try {
    const gunzip = new Gunzip((chunk) => {
      if (size < 4096) start.push(chunk.subarray(0, 4096 - size));
      size += chunk.length;
    });
    gunzip.push(bytes, false);
  } catch {
    return wrong('gzip', 'wrong-kind', 'The file begins like gzip, but cannot be unpacked. It may be damaged.');
  }
  // so few bytes that nothing came out of them yet
  if (size === 0) return { kind: 'gzip' };
  const inner = new Uint8Array(Math.min(size, 4096));
  let at = 0;
  for (const chunk of start) {
    inner.set(chunk, at);
    at += chunk.length;
  }
  if (isTar(inner))
    return wrong('gzip', 'wrong-kind', 'This is a .tar.gz archive. Use .zip, or gzip the JSON file alone.');
  return sniffPlain(inner, 'gzip');
}

function isTar(bytes: Uint8Array): boolean {
  return bytes.length > 262 && new TextDecoder().decode(bytes.subarray(257, 262)) === 'ustar';
}

/** Reads the names of the members whose headers lie in the first bytes. */
function sniffZip(bytes: Uint8Array): Sniffed {
  if (begins(bytes, [0x50, 0x4b, 0x05, 0x06])) return wrong('zip', 'wrong-kind', 'This .zip is empty.');
  if (begins(bytes, [0x50, 0x4b, 0x07, 0x08]))
    return wrong('zip', 'wrong-kind', 'This .zip is one part of several. Write it as one file, without splitting.');
  if (!begins(bytes, [0x50, 0x4b, 0x03, 0x04]))
    return wrong('zip', 'wrong-kind', 'This .zip is damaged or one part of several.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: string[] = [];
  for (let at = 0; at + 30 <= bytes.length && view.getUint32(at, true) === 0x04034b50; ) {
    const nameLength = view.getUint16(at + 26, true);
    const extraLength = view.getUint16(at + 28, true);
    names.push(new TextDecoder().decode(bytes.subarray(at + 30, at + 30 + nameLength)));
    // bit 3: the size comes after the data, so the next header cannot be found from here
    if (view.getUint16(at + 6, true) & 8) break;
    at += 30 + nameLength + extraLength + view.getUint32(at + 18, true);
  }
  if (names.some((name) => CHECKPOINT.test(name)))
    return wrong(
      'zip',
      'wrong-kind',
      'This is a model checkpoint, not predictions. Only what the model predicted is submitted.',
    );
  if (names.includes('[Content_Types].xml')) return wrong('zip', 'wrong-kind', 'This is an Office document.');
  const members = names.filter((name) => !ASIDE.test(name));
  if (members.length && !members.some((name) => RELEVANT.test(name)))
    return wrong(
      'zip',
      'wrong-kind',
      `Nothing in this .zip can be read here: it begins with ${members.slice(0, 3).map(quoted).join(', ')}.`,
    );
  return { kind: 'zip' };
}

function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, i) => bytes[i] === byte);
}

function wrong(kind: Sniffed['kind'], code: string, message: string): Sniffed {
  return { kind, problem: { code, message: `${message.trim()} ${WANTED}` } };
}
