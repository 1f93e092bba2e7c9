/**
 * Finds the image that a name or an id refers to, for predictions, documents with their own ids, label images, pictures
 * and counts.
 *
 * A name refers to, in this order: the image with exactly that id; the image with exactly that file name, folders
 * included; the image whose name differs only in folders and extension, if there is only one such image; the image with
 * that number as its id; and the image whose name some tool has changed into this one. LIVECell lists 52 files twice
 * under the same full name: such a name refers to both of them.
 */
import type { ImageId, Images } from '#lib/coco/dataset.ts';
import { stem } from '#lib/livecell/cell-types.ts';

export const UNKNOWN_IMAGE = -2147483648;

/** One full file name of the data set. */
interface NamedImage {
  name: string;
  /** an image, or a group of images that share this name */
  image: number;
}

/** Maximum number of names remembered: a file normally repeats those of its images, but may be of another data set. */
const MOST_REMEMBERED = 200_000;

/**
 * Results are image indices, -1 - g for all images of `groups[g]` (a file listed under several ids: a prediction that
 * names the file counts for each of them), or UNKNOWN_IMAGE.
 */
export class ImageResolver {
  readonly groups: number[][] = [];
  private readonly fileNames: readonly string[];
  private readonly byId = new Map<ImageId, number>();
  private readonly byStem = new Map<string, NamedImage[]>();
  private readonly remembered = new Map<string, number>();

  /** @param images of a data set; leave `ids` empty if images are known only by name */
  constructor({ ids, fileNames }: Pick<Images, 'ids' | 'fileNames'>) {
    this.fileNames = fileNames;
    for (const [i, id] of ids.entries()) this.byId.set(typeof id === 'string' ? id.normalize('NFC') : id, i);
    for (const [i, fileName] of fileNames.entries()) this.addName(normalize(fileName), i);
  }

  private addName(name: string, image: number): void {
    const key = stem(name);
    const alike = this.byStem.get(key);
    if (!alike) {
      this.byStem.set(key, [{ name, image }]);
      return;
    }
    const same = alike.find((other) => other.name === name);
    if (!same) alike.push({ name, image });
    else if (same.image < 0) this.groups[-1 - same.image].push(image);
    else {
      this.groups.push([same.image, image]);
      same.image = -this.groups.length;
    }
  }

  /** Find the image with a numeric id. */
  ofNumber(id: number): number {
    if (Math.abs(id) > Number.MAX_SAFE_INTEGER) return UNKNOWN_IMAGE; // rounded: it could be a neighbouring id
    return this.byId.get(id) ?? this.byId.get(String(id)) ?? UNKNOWN_IMAGE;
  }

  /** Find the image that a text refers to: an id or a file name, with or without folders and extension. */
  ofText(text: string): number {
    const known = this.remembered.get(text);
    if (known !== undefined) return known;
    const name = normalize(text);
    let image = this.ofName(name);
    for (const original of image === UNKNOWN_IMAGE ? unmangled(name) : []) {
      image = this.ofName(original);
      if (image !== UNKNOWN_IMAGE) break;
    }
    if (this.remembered.size < MOST_REMEMBERED) this.remembered.set(text, image);
    return image;
  }

  private ofName(name: string): number {
    const byId = this.byId.get(name);
    if (byId !== undefined) return byId;
    const alike = this.byStem.get(stem(name));
    if (alike) return nearest(name, alike);
    return (/^\d{1,16}$/.test(name) ? this.byId.get(Number(name)) : undefined) ?? UNKNOWN_IMAGE;
  }

  /** List the file names that an ambiguous text could refer to; empty if there is no such ambiguity. */
  candidates(text: string): string[] {
    const alike = this.byStem.get(stem(normalize(text))) ?? [];
    return this.ofText(text) === UNKNOWN_IMAGE ? alike.map(({ image }) => this.fileNames[this.firstOf(image)]) : [];
  }

  /**
   * Find another image that a text could also refer to: `1` may be the file `1.png` and the id of another image.
   *
   * @returns the image that `ofText` did not choose, or UNKNOWN_IMAGE
   */
  otherMeaning(text: string): number {
    const name = normalize(text);
    if (!/^\d{1,16}$/.test(name)) return UNKNOWN_IMAGE;
    const chosen = this.ofText(text);
    const asId = this.byId.get(Number(name)) ?? this.byId.get(name) ?? UNKNOWN_IMAGE;
    const [asName] = this.byStem.get(stem(name)) ?? [];
    if (asId === UNKNOWN_IMAGE || !asName) return UNKNOWN_IMAGE;
    if (chosen === asId) return this.members(asName.image).includes(asId) ? UNKNOWN_IMAGE : asName.image;
    return this.members(chosen).includes(asId) ? UNKNOWN_IMAGE : asId;
  }

  /** List the images of a result: one, or all of a group. */
  members(image: number): readonly number[] {
    return image >= 0 ? [image] : (this.groups[-1 - image] ?? []);
  }

  /** Return the image, or the first of a group. */
  firstOf(image: number): number {
    return image >= 0 ? image : this.groups[-1 - image][0];
  }

  /** Tell whether all images of a result have the same size. */
  haveOneSize(image: number, { width, height }: Pick<Images, 'width' | 'height'>): boolean {
    const [first, ...others] = this.members(image);
    return others.every((i) => width[i] === width[first] && height[i] === height[first]);
  }
}

/** Normalise a name for comparison: composed letters, one kind of slash, nothing before the first folder. */
function normalize(name: string): string {
  return name
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '');
}

/** Choose among names that differ only in folders and extension. @returns UNKNOWN_IMAGE if several remain */
function nearest(name: string, alike: readonly NamedImage[]): number {
  if (alike.length === 1) return alike[0].image;
  const exact = alike.find((other) => other.name === name);
  if (exact) return exact.image;
  const path = withoutExtension(name);
  const samePath = alike.filter((other) => withoutExtension(other.name) === path);
  if (samePath.length === 1) return samePath[0].image;
  // the longest chain of equal folders, then an equal extension
  const shared = alike.map((other) => sharedFolders(other.name, name));
  const most = Math.max(...shared);
  const nearby = alike.filter((_, k) => shared[k] === most);
  if (nearby.length === 1) return nearby[0].image;
  const base = lastPart(name);
  const sameBase = nearby.filter((other) => lastPart(other.name) === base);
  return sameBase.length === 1 ? sameBase[0].image : UNKNOWN_IMAGE;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - lastPart(path).length) + stem(path);
}

/** Count equal folders, from the innermost outwards. */
function sharedFolders(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => path.split('/').slice(0, -1).reverse());
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared]) shared++;
  return shared;
}

/**
 * Undo what tools do to file names: Roboflow writes `cell.tif` as `cell_tif.rf.<hash>.jpg`, Label Studio puts a hash
 * before the name, web tools percent-encode it, and nnU-Net appends a channel number.
 */
function unmangled(name: string): string[] {
  const base = lastPart(name);
  const originals = [
    base.replace(/[._](tiff?|png|jpe?g|bmp)\.rf\.[0-9a-z]{8,}\.\w+$/i, ''),
    base.replace(/^[0-9a-f]{8}-/, ''),
    base.replace(/_0000(?=\.|$)/, ''),
    decodePercent(name),
  ];
  return originals.filter((original) => original !== base && original !== name && original !== '');
}

function decodePercent(name: string): string {
  if (!/%[0-9a-f]{2}/i.test(name)) return name;
  try {
    return normalize(decodeURIComponent(name));
  } catch {
    return name;
  }
}
