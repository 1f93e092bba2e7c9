import { integer } from '#lib/format.ts';

/**
 * Hard limits of a submitted file. They are shown to the submitter before the upload and checked while reading:
 * exceeding one gives a rejection with its own reason, and memory stays bounded by them, typed arrays included. For
 * scale: the whole LIVECell test set has 462,261 cells; detector output for it is 150 to 600 MB of JSON.
 */
export const LIMITS = {
  /** bytes of an uploaded file */
  bytes: 4 * 1024 ** 3,
  /** bytes after decompression, all members of an archive together */
  inflatedBytes: 8 * 1024 ** 3,
  /** maximum ratio of unpacked to compressed size (JSON of detections grows 3 to 12 times) */
  inflationRatio: 200,
  /** the same ratio for one label image in an archive: an image without cells compresses to almost nothing */
  labelInflationRatio: 1100,
  /** the ratios apply from this many unpacked bytes on: less is harmless */
  inflationStart: 64 * 1024 ** 2,
  /** files in a zip archive, folders and companions included */
  zipMembers: 20_000,
  detections: 4_000_000,
  detectionsPerImage: 50_000,
  /** runs of one mask */
  runsPerMask: 200_000,
  /** coordinates in the polygons of one detection */
  polygonNumbers: 200_000,
  /** polygons of one detection */
  polygons: 10_000,
  /** intervals of all masks together; 8 bytes each */
  intervals: 200_000_000,
  /** different values of category_id, which are counted one by one */
  categories: 10_000,
  /** bytes of one JSON record */
  recordBytes: 16 * 1024 ** 2,
  /** pixels of one label image, or of one of its tiles */
  labelImagePixels: 4096 ** 2,
  /** bytes per pixel of one label image as a file: uncompressed 64-bit numbers */
  labelImagePixelBytes: 8,
  /** bytes of one label image as a file besides its pixels */
  labelImageSpare: 1024 ** 2,
  /** problems listed per kind; the rest are counted */
  problemsPerKind: 100,
} as const;

const gigabytes = (n: number): string => `${n / 1024 ** 3} GB`;

/** The limits in words, for the upload form, the documentation and the command line. */
export const LIMITS_IN_WORDS: readonly string[] = [
  `at most ${gigabytes(LIMITS.bytes)} as uploaded, ${gigabytes(LIMITS.inflatedBytes)} and ${LIMITS.inflationRatio} times its size when unpacked`,
  `at most ${integer(LIMITS.detections)} detections, ${integer(LIMITS.detectionsPerImage)} in one image`,
  `at most ${integer(LIMITS.runsPerMask)} runs or polygon coordinates in one mask, ${integer(LIMITS.intervals)} runs in all`,
  `at most ${LIMITS.recordBytes / 1024 ** 2} MB for one detection`,
  `label images of the size of their images, at most ${integer(Math.sqrt(LIMITS.labelImagePixels))} × ${integer(Math.sqrt(LIMITS.labelImagePixels))} pixels; at most ${integer(LIMITS.zipMembers)} files in a .zip`,
];
