/** Images of another entry, to compare with. */
import { imagesOfEntry } from '#db/board/entry-images.ts';
import { AppError } from '#lib/errors.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import { findPublished } from './submissions.ts';

/** Return another public entry's images, to compare with; null if it has none on the same images. */
export async function imagesToCompare(
  id: string,
  rows: readonly ImageRow[],
): Promise<{ method: string; rows: ImageRow[] } | null> {
  try {
    const { entry, dataset } = await findPublished(id);
    const found = await imagesOfEntry({ id, dataset });
    if (typeof found === 'string') return null;
    const same = found.rows.length === rows.length && found.rows.every(({ name }, i) => name === rows[i].name);
    return same ? { method: entry.method, rows: found.rows } : null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return null;
    throw error;
  }
}
