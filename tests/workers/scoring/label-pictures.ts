/** Ground truth as label images: what a segmentation model without scores would send if it were never wrong. */
import { crc32, deflateSync } from 'node:zlib';
import { type CellType, cellTypeOf, stem } from '#lib/livecell/cell-types.ts';
import { openGroundTruth } from '#lib/readers/ground-truth-file.ts';

/** A PNG of 16 bits per image of a cell type, by `<stem>_cp_masks.png`; where cells overlap, the later one is on top. */
export async function labelPictures(groundTruth: string, cellType: CellType): Promise<Record<string, Uint8Array>> {
  const { images, objects } = await openGroundTruth(groundTruth);
  const pictures: Record<string, Uint8Array> = {};
  for (const [i, name] of images.fileNames.entries()) {
    if (cellTypeOf(name) !== cellType) continue;
    const [width, height] = [images.width[i], images.height[i]];
    const labels = new Uint16Array(width * height);
    for (let o = 0, label = 0; o < objects.count; o++) {
      if (objects.image[o] !== i) continue;
      label++;
      const runs = objects.intervals[objects.part[o]];
      for (let k = objects.maskStart[o]; k < objects.maskEnd[o]; k += 2)
        for (let p = runs[k]; p < runs[k + 1]; p++) labels[(p % height) * width + Math.floor(p / height)] = label; // masks go down the columns
    }
    pictures[`${stem(name)}_cp_masks.png`] = png16(width, height, labels);
  }
  return pictures;
}

function png16(width: number, height: number, labels: Uint16Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([16, 0, 0, 0, 0], 8); // grey, 16 bits
  const rows = Buffer.alloc(height * (1 + 2 * width));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.writeUInt16BE(labels[y * width + x], y * (1 + 2 * width) + 1 + 2 * x);
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
