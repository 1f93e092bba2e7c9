/**
 * Recognises files by their first bytes and their purpose, from one table of kinds. The browser checks before sending
 * anything, the server when the first bytes arrive, and every reader before reading, so that a wrong file costs seconds
 * instead of an upload. Only files that no reader could read are refused here; the readers judge the content. No
 * `node:` module here, since it also runs in the browser.
 */

import type { CheckCode } from '#lib/checks/checks.ts';
import type { Problem } from '#lib/problems.ts';
import { quoted } from './problem-list.ts';

/** What a file is sent for; `any` if its first bytes arrive before that is known. */
export const PURPOSES = ['predictions', 'ground-truth', 'counts', 'any'] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Sniffed {
  kind: 'coco-json' | 'gzip' | 'zip' | 'unknown';
  /** absent if a reader may be able to read this file */
  problem?: Problem;
}

/** What to send instead, by purpose. */
const WANTED: Readonly<Record<Purpose, string>> = {
  predictions:
    'Send COCO results (a JSON list of detections), plain, gzipped or as the only file of a .zip; or a .zip with one label image per test image, or a .npz with one label array per image.',
  'ground-truth':
    'Ground truth has to be one COCO document, {"images": […], "annotations": […], "categories": […]}, plain, gzipped or as the only file of a .zip.',
  counts:
    'Send counts per image, {"<file name>": <count>, …} as JSON or CSV with the header image,count; or predictions as COCO results with a score threshold.',
  any: 'Send COCO results (a JSON list of detections), plain, gzipped or as the only file of a .zip; or a .zip with one label image per test image, or a .npz with one label array per image.',
};

/** How messages refer to the file. */
const SUBJECT: Readonly<Record<Purpose, string>> = {
  predictions: 'This',
  'ground-truth': 'The ground truth',
  counts: 'This',
  any: 'This',
};

const ONE_PER_IMAGE = 'Label images go into one .zip, one per test image.';
const NO_WEIGHTS = 'Model weights are not submitted, only what the model predicted.';
const USE_ZIP = 'Use .zip or gzip.';

interface Kind {
  bytes: readonly number[];
  is: string;
  /** advice if predictions are wanted */
  hint?: string;
  /** advice for any purpose */
  remedy?: string;
}

/** First bytes of files that people have uploaded to benchmarks by mistake. */
const KINDS: readonly Kind[] = [
  { bytes: [0x89, 0x50, 0x4e, 0x47], is: 'a PNG image', hint: ONE_PER_IMAGE },
  { bytes: [0x49, 0x49, 0x2a, 0x00], is: 'a TIFF image', hint: ONE_PER_IMAGE },
  { bytes: [0x4d, 0x4d, 0x00, 0x2a], is: 'a TIFF image', hint: ONE_PER_IMAGE },
  { bytes: [0x49, 0x49, 0x2b, 0x00], is: 'a BigTIFF image', hint: ONE_PER_IMAGE },
  { bytes: [0x4d, 0x4d, 0x00, 0x2b], is: 'a BigTIFF image', hint: ONE_PER_IMAGE },
  { bytes: [0xff, 0xd8, 0xff], is: 'a JPEG image' },
  { bytes: [0x25, 0x50, 0x44, 0x46], is: 'a PDF' },
  { bytes: [0x89, 0x48, 0x44, 0x46], is: 'an HDF5 file', hint: NO_WEIGHTS },
  {
    bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59],
    is: 'a NumPy array without the name of its image',
    hint: 'Write one label array per image with np.savez(path, **{name: labels}), or put .npy files named by image into one .zip.',
  },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], is: 'a 7z archive', remedy: USE_ZIP },
  { bytes: [0x52, 0x61, 0x72, 0x21], is: 'a RAR archive', remedy: USE_ZIP },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'an xz file', remedy: USE_ZIP },
  { bytes: [0x42, 0x5a, 0x68], is: 'a bzip2 file', remedy: USE_ZIP },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'a zstd file', remedy: USE_ZIP },
  { bytes: [0x50, 0x41, 0x52, 0x31], is: 'a Parquet file', hint: 'Write the predictions as COCO results.' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], is: 'a program' },
  { bytes: [0xff, 0xfe], is: 'text in UTF-16', remedy: 'Save it as UTF-8.' },
  { bytes: [0xfe, 0xff], is: 'text in UTF-16', remedy: 'Save it as UTF-8.' },
];

/** JSON of other programs, by how it begins. */
const OTHER_JSON: readonly { begins: RegExp; is: string; hint: string }[] = [
  {
    begins: /^[{[]\s*(\{\s*)?"type"\s*:\s*"Feature(Collection)?"/,
    is: 'GeoJSON, as QuPath exports annotations',
    hint: 'Export one label image per test image instead (in QuPath with LabeledImageServer and useInstanceLabels).',
  },
  {
    begins: /^\{[^[]*"shapes"\s*:\s*\[\s*\{\s*"label"/,
    is: 'a file of labelme',
    hint: 'Convert the files of all images to one COCO file, with a score for each cell.',
  },
];

/** Members that a reader examines; others in a zip are ignored. */
const RELEVANT = /\.(json|jsonl|geojson|csv|tsv|tiff?|png|npy|npz|gz|zip)$|(^|\/)[^./]+$/i;
const CHECKPOINT = /(^|\/)(data\.pkl|byteorder|constants\.pkl)$|\.(pth?|ckpt|safetensors|pkl|onnx|bin)$/i;
const ASIDE = /\/$|^__MACOSX\/|(^|\/)\.[^/]*$|\.(txt|md)$/i;

/** Number of first bytes that is enough to tell kinds apart. */
const ENOUGH = 4096;
/** Packed bytes given to the unpacker at a time: they unpack to at most 64 KB, a thousand bytes for each. */
const STEP = 64;

/** Tell what kind of file starts with these bytes, and what makes it unsuitable for the purpose. */
export async function sniff(firstBytes: Uint8Array, purpose: Purpose = 'any'): Promise<Sniffed> {
  if (firstBytes.length === 0) return wrong('unknown', purpose, 'is empty.', { code: 'empty', subject: 'The file' });
  if (begins(firstBytes, [0x1f, 0x8b])) return sniffGzip(firstBytes, purpose);
  if (begins(firstBytes, [0x50, 0x4b])) return sniffZip(firstBytes, purpose);
  return sniffPlain(firstBytes, 'unknown', purpose);
}

function sniffPlain(bytes: Uint8Array, wrapper: 'unknown' | 'gzip', purpose: Purpose): Sniffed {
  const subject =
    wrapper === 'gzip'
      ? purpose === 'ground-truth'
        ? 'The gzipped ground truth'
        : 'The gzipped file'
      : SUBJECT[purpose];
  const refuse = (what: string, kind: Sniffed['kind'] = wrapper) => wrong(kind, purpose, what, { subject });
  const forPredictions = purpose !== 'ground-truth';
  for (const { bytes: signature, is, hint = '', remedy = '' } of KINDS)
    if (begins(bytes, signature)) return refuse(`is ${is}. ${remedy} ${forPredictions ? hint : ''}`);
  if (isTar(bytes)) return refuse('is a .tar archive. Use .zip, or gzip the JSON file alone.');
  // Python's pickle (and old PyTorch checkpoints): 0x80 and the protocol number
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
    return refuse(
      `is a Python pickle, perhaps a model checkpoint. ${forPredictions ? 'Only what the model predicted is submitted.' : ''}`,
    );

  // the bytes may end in the middle of a character
  const text = new TextDecoder('utf-8')
    .decode(bytes, { stream: true })
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text === '') return refuse('begins with nothing but blank space.');
  if (/^(<!doctype|<html|<\?xml|<svg|<[a-z])/i.test(text))
    return refuse(
      `is a web page or XML${forPredictions ? ', not predictions' : ''}: perhaps a download that asked for a login.`,
    );
  const kind = wrapper === 'gzip' ? 'gzip' : 'coco-json';
  if (/^[[{]/.test(text)) {
    const other = OTHER_JSON.find(({ begins }) => begins.test(text.slice(0, ENOUGH)));
    if (other) return refuse(`is ${other.is}. ${forPredictions ? other.hint : ''}`, kind);
    if (purpose !== 'ground-truth' && /^\[\s*\[/.test(text))
      return wrong(kind, purpose, 'is a JSON list of lists. Put the detections of all images into one list.', {
        code: 'not-detections',
        subject,
      });
    if (purpose !== 'ground-truth' && /^\[\s*[^{\]\s]/.test(text))
      return wrong(
        kind,
        purpose,
        'is a JSON list, but its first element is not a detection {"image_id": …, "score": …, "segmentation": …}.',
        { code: 'not-detections', subject },
      );
    return { kind };
  }
  if (text.startsWith('version https://git-lfs'))
    return refuse('is a Git LFS pointer, not the file it points to. Run “git lfs pull” first.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text of another encoding has none of them
  if (/\uFFFD/.test(text.slice(0, 512)) && !/[\u0000-\u0008\u000e-\u001f]/.test(text) && isMostlyLatin(text))
    return refuse('is text, but not in UTF-8. Save it as UTF-8.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how binary data is told from text
  if (/[\u0000-\u0008\uFFFD]/.test(text.slice(0, 512))) return refuse('is a binary file of an unknown kind.');
  // the reader of counts has better messages for a faulty table
  if (purpose === 'counts' || (purpose === 'any' && looksLikeTable(text))) return { kind: wrapper };
  // and so has the reader of predictions for counts sent to the wrong task
  if (purpose === 'predictions' && /^"?image"?\s*[,;\t]\s*"?count"?/i.test(text)) return { kind: wrapper };
  return refuse(`is text, but not JSON: it begins with ${quoted(text.slice(0, 24).replace(/\s+/g, ' '))}.`);
}

/** Tell text of a single-byte encoding from noise: few of its characters are not ASCII. */
function isMostlyLatin(text: string): boolean {
  return text.length - text.replaceAll('\uFFFD', '').length < text.length / 8;
}

/** Tell whether the text starts like a table of counts, as far as its header shows. */
function looksLikeTable(text: string): boolean {
  const lines = text.split(/[\r\n]+/, 20).filter((line) => line.trim() !== '' && !/^(#|sep=)/i.test(line));
  return lines.length > 0 && /[,;\t]/.test(lines[0]) && /image|file|name|count|cells/i.test(lines[0]);
}

/** Unpack just enough of a gzip stream to see its content. */
async function sniffGzip(bytes: Uint8Array, purpose: Purpose): Promise<Sniffed> {
  const { Gunzip } = await import('fflate'); // it builds tables when loaded, which other files need not wait for
  const start: Uint8Array[] = [];
  let size = 0;
  try {
    const gunzip = new Gunzip((chunk) => {
      if (size < ENOUGH) start.push(chunk.slice(0, ENOUGH - size));
      size += chunk.length;
    });
    // a decompression bomb gets no further than its first step
    for (let at = 0; at < bytes.length && size < ENOUGH; at += STEP) gunzip.push(bytes.slice(at, at + STEP), false);
  } catch {
    return wrong('gzip', purpose, 'begins like gzip, but cannot be unpacked. It may be damaged.', {
      subject: 'The file',
    });
  }
  // too few bytes to unpack anything yet
  if (size === 0) return { kind: 'gzip' };
  const inner = new Uint8Array(Math.min(size, ENOUGH));
  let at = 0;
  for (const chunk of start) {
    inner.set(chunk, at);
    at += chunk.length;
  }
  if (isTar(inner)) return wrong('gzip', purpose, 'is a .tar.gz archive. Use .zip, or gzip the JSON file alone.');
  return sniffPlain(inner, 'gzip', purpose);
}

function isTar(bytes: Uint8Array): boolean {
  return bytes.length > 262 && new TextDecoder().decode(bytes.subarray(257, 262)) === 'ustar';
}

/** Read the names of the members whose headers are within the first bytes. */
function sniffZip(bytes: Uint8Array, purpose: Purpose): Sniffed {
  const refuse = (what: string, subject = purpose === 'ground-truth' ? SUBJECT[purpose] : 'This .zip') =>
    wrong('zip', purpose, what, { subject });
  if (begins(bytes, [0x50, 0x4b, 0x05, 0x06])) return refuse('is empty.', 'This .zip');
  if (begins(bytes, [0x50, 0x4b, 0x07, 0x08]))
    return refuse('is one part of several. Write it as one file, without splitting.', 'This .zip');
  if (!begins(bytes, [0x50, 0x4b, 0x03, 0x04])) return refuse('is damaged or one part of several.', 'This .zip');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: string[] = [];
  for (let at = 0; at + 30 <= bytes.length && view.getUint32(at, true) === 0x04034b50; ) {
    const nameLength = view.getUint16(at + 26, true);
    const extraLength = view.getUint16(at + 28, true);
    names.push(new TextDecoder().decode(bytes.subarray(at + 30, at + 30 + nameLength)));
    // bit 3: the size comes after the data, so the next header cannot be located
    if (view.getUint16(at + 6, true) & 8) break;
    at += 30 + nameLength + extraLength + view.getUint32(at + 18, true);
  }
  if (names.some((name) => CHECKPOINT.test(name)))
    return refuse(
      purpose === 'ground-truth'
        ? 'is a model checkpoint.'
        : 'is a model checkpoint, not predictions. Only what the model predicted is submitted.',
      SUBJECT[purpose],
    );
  if (names.includes('[Content_Types].xml')) return refuse('is an Office document.', SUBJECT[purpose]);
  const members = names.filter((name) => !ASIDE.test(name));
  if (members.length && members.every((name) => /\.roi$/i.test(name)))
    return refuse(
      `holds regions of interest of ImageJ (${quoted(members[0])}).${purpose === 'ground-truth' ? '' : ' Draw them into one label image per test image (ROI Map of the LOCI plug-ins does).'}`,
    );
  if (members.length && !members.some((name) => RELEVANT.test(name)))
    return refuse(
      `can be read here: it begins with ${members.slice(0, 3).map(quoted).join(', ')}.`,
      'Nothing in this .zip',
    );
  return { kind: 'zip' };
}

/** Tell whether a file begins with these bytes. */
export function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return bytes.length >= signature.length && signature.every((byte, i) => bytes[i] === byte);
}

/** Return what to send instead, for messages written elsewhere. */
export function wanted(purpose: Purpose): string {
  return WANTED[purpose];
}

function wrong(
  kind: Sniffed['kind'],
  purpose: Purpose,
  what: string,
  { code = 'wrong-kind', subject = SUBJECT[purpose] }: { code?: CheckCode; subject?: string } = {},
): Sniffed {
  const found = `${subject} ${what}`.replace(/ {2,}/g, ' ').trim();
  return { kind, problem: { code, message: `${found} ${WANTED[purpose]}` } };
}
