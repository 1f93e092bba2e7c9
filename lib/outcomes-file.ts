/**
 * Writes and reads files of outcomes (`scoring/outcomes.ts`): the buffer compressed by Zstandard. The digest is of the
 * buffer, since compressors differ.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { type Outcomes, packOutcomes, readOutcomes } from './scoring/outcomes.ts';
import type { OutcomesFile } from './scoring/report.ts';

/** Write outcomes to a path; return what the report says of them. */
export async function writeOutcomes(outcomes: Outcomes, path: string): Promise<OutcomesFile> {
  const packed = packOutcomes(outcomes);
  // the thread pool compresses while this thread computes the digest
  // promisified here and not above: the packed command line also runs on Node 20, which lacks zstd and writes no outcomes
  const compressed = promisify(zstdCompress)(packed, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const sha256 = createHash('sha256').update(packed).digest('hex');
  await writeFile(path, await compressed, { mode: 0o600 });
  return { evaluation: outcomes.evaluation, sha256, bytes: packed.length };
}

/**
 * Read outcomes from a path.
 *
 * @param sha256 the digest that the report states
 * @throws Error if the content has another digest
 */
export async function openOutcomes(path: string, sha256: string): Promise<Outcomes> {
  const packed = await promisify(zstdDecompress)(await readFile(path));
  if (createHash('sha256').update(packed).digest('hex') !== sha256)
    throw new Error(`The outcomes at ${path} are not those of the report: their digest is another.`);
  return readOutcomes(packed);
}
