/** How far a compressed file may unpack: one rule for gzip, members of archives and the slots of a submission. */
import { FileRejected } from '#lib/problems.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';

interface Packed {
  /** compressed bytes */
  packed: number;
  /** name for messages, for a member of an archive; default: the file */
  name?: string;
  /** maximum ratio of unpacked to compressed size; default: that of JSON */
  ratio?: number;
}

/** Throw if `total` unpacked bytes are too many; call before passing them on. @throws FileRejected */
export function checkUnpacked(total: number, { packed, name, ratio = LIMITS.inflationRatio }: Packed): void {
  const tooMany = total > LIMITS.inflatedBytes;
  if (!tooMany && (total <= LIMITS.inflationStart || total <= packed * ratio)) return;
  const limit = tooMany ? `${LIMITS.inflatedBytes.toLocaleString('en')} bytes` : `${ratio} times its size`;
  throw new FileRejected({
    code: 'inflates-too-far',
    message: `${name === undefined ? 'The file' : quoted(name)} unpacks to more than ${limit}; it is not read further.`,
  });
}

/** Pass unpacked bytes on until there are too many. @throws FileRejected */
export async function* limitUnpacked(chunks: AsyncIterable<Uint8Array>, packed: Packed): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    checkUnpacked(total, packed);
    yield chunk;
  }
}
