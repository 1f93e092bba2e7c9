/**
 * What the first and last bytes of a file of predictions tell before it is sent: that it is the annotation file, or that
 * its scores lie beyond 0 to 1. The reader finds the same in the whole file; this look costs no upload. No `node:`
 * module here, since it also runs in the browser.
 */
import type { Problem } from '#lib/problems.ts';

/** Bytes of either end of a file that are looked at. */
export const LOOK_BYTES = 256 * 1024;
/** Bytes of unpacked text that are looked at. */
const TEXT_BYTES = 4 * 1024 * 1024;

interface Look {
  /** the file cannot be what is wanted */
  problem?: Problem;
  /** a sentence about something legal that is probably not meant */
  remark?: string;
}

/**
 * Look at the ends of a file of COCO results.
 *
 * @param start its first `LOOK_BYTES` bytes, packed or not
 * @param end its last ones; of a gzipped file they tell nothing
 */
export async function lookAtOnce(start: Uint8Array, end: Uint8Array): Promise<Look> {
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const first = decode(packed ? await unpackStart(start) : start).trimStart();
  if (!/^[[{]/.test(first)) return {};
  const text = packed ? first : `${first}\n${decode(end)}`;
  const isDocument = first.startsWith('{') && /"images"\s*:\s*\[/.test(text);
  const records = text.match(/"image_id"\s*:/g)?.length ?? 0;
  if (isDocument && records >= 2 && !/"score"\s*:/.test(text))
    return {
      problem: {
        code: 'annotations-not-predictions',
        message:
          'This is an annotation file, not predictions: it lists images, and its annotations have no scores. Send the results that your model wrote, a list of {"image_id": …, "score": …, "segmentation": …}.',
      },
    };
  let [lowest, highest] = [0, 1];
  for (const [, score] of text.matchAll(/"score"\s*:\s*(-?\d[\d.]*(?:[eE][+-]?\d+)?)(?=\s*[,}])/g)) {
    lowest = Math.min(lowest, Number(score));
    highest = Math.max(highest, Number(score));
  }
  if (lowest >= 0 && highest <= 1) return {};
  const odd = lowest < 0 ? lowest : highest;
  return { remark: `There are scores outside 0 to 1, such as ${odd}. ${whatScoresMatterFor({ lowest, highest })}` };
}

/** Say what scores beyond 0 to 1 change, and how to mend them. */
export function whatScoresMatterFor({ lowest, highest }: { lowest: number; highest: number }): string {
  const remedy =
    lowest >= 0 && highest <= 100 ? 'If they are per cent, divide by 100.' : 'If they are logits, apply the sigmoid.';
  return `AP depends on their order alone, but numbers with a score threshold, such as counts and the metrics of other papers, expect 0 to 1. ${remedy}`;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes).replace(/^\uFEFF/, '');
}

/** Unpack as much of a gzip stream as the bytes hold; nothing of a damaged one, which others report. */
async function unpackStart(bytes: Uint8Array): Promise<Uint8Array> {
  const { Gunzip } = await import('fflate');
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const gunzip = new Gunzip((chunk) => {
      if (size < TEXT_BYTES) chunks.push(chunk.slice(0, TEXT_BYTES - size));
      size += chunk.length;
    });
    for (let at = 0; at < bytes.length && size < TEXT_BYTES; at += 1024) gunzip.push(bytes.slice(at, at + 1024), false);
  } catch {
    return new Uint8Array();
  }
  const all = new Uint8Array(Math.min(size, TEXT_BYTES));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
