/** Finds the image that a prediction means: by id, or by file name with or without folder and extension. */
import type { ImageId, Images } from '#lib/coco/dataset.ts';
import { stem } from '#lib/livecell/cell-types.ts';

export const UNKNOWN_IMAGE = -2147483648;

/**
 * Answers are image indices, -1 - g for all images of `groups[g]` (a file that occurs under several ids: a prediction
 * that names the file counts for each of them), or UNKNOWN_IMAGE.
 */
export class ImageIndex {
  readonly groups: number[][] = [];
  private readonly byId = new Map<ImageId, number>();
  private readonly byStem = new Map<string, number>();

  constructor(images: Images) {
    for (const [i, id] of images.ids.entries()) this.byId.set(id, i);
    images.fileNames.forEach((name, i) => {
      const key = stem(name);
      const before = this.byStem.get(key);
      if (before === undefined) this.byStem.set(key, i);
      else if (before >= 0) {
        this.byStem.set(key, -1 - this.groups.length);
        this.groups.push([before, i]);
      } else this.groups[-1 - before].push(i);
    });
  }

  ofNumber(id: number): number {
    return this.byId.get(id) ?? this.byId.get(String(id)) ?? UNKNOWN_IMAGE;
  }

  ofText(text: string): number {
    return (
      this.byId.get(text) ??
      this.byStem.get(stem(text)) ??
      (/^\d{1,16}$/.test(text) ? this.byId.get(Number(text)) : undefined) ??
      UNKNOWN_IMAGE
    );
  }
}
