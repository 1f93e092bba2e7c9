/** Writes label images into one zip archive, as Cellpose, micro-sam and this site read them. */
import { Zip, ZipPassThrough } from 'fflate';
import { stem } from '#lib/livecell/cell-types.ts';
import { encodeLabelPng } from './grey-png.ts';

/**
 * Begin an archive. Both functions return the bytes that are finished. The same label images give the same archive.
 *
 * `add` takes little-endian uint16, [height × width] row by row, and names the member `<stem of the image>.png`.
 */
export function zipLabelImages(): {
  add(image: { name: string; width: number; height: number }, labels: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
} {
  let finished: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    finished.push(chunk);
  });
  const take = (): Uint8Array[] => {
    const chunks = finished;
    finished = [];
    return chunks;
  };
  return {
    add({ name, ...size }, labels) {
      const member = new ZipPassThrough(`${stem(name)}.png`); // PNG is already compressed
      member.mtime = new Date(1980, 0, 1); // a fixed time, so that the same images give the same bytes
      zip.add(member);
      member.push(encodeLabelPng(labels, size), true);
      return take();
    },
    end() {
      zip.end();
      return take();
    },
  };
}
