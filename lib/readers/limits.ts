/**
 * Hard budgets of a submitted file. They are told to the submitter before the first byte and checked while reading:
 * whoever exceeds one gets a rejection with its own reason, and memory stays bounded by them, typed arrays included.
 * For scale: the whole LIVECell test set has 462,261 cells; detector output for it is 150 to 600 MB of JSON.
 */
export const LIMITS = {
  /** bytes of an uploaded file */
  bytes: 4 * 1024 ** 3,
  /** bytes after decompression */
  inflatedBytes: 8 * 1024 ** 3,
  /** a compressed file may grow this many times (JSON of detections grows 3 to 12 times) */
  inflationRatio: 200,
  detections: 4_000_000,
  detectionsPerImage: 50_000,
  /** numbers in one mask's run-length list */
  runsPerMask: 200_000,
  /** coordinates in the polygons of one detection */
  polygonNumbers: 200_000,
  /** intervals of all masks together; 8 bytes each */
  intervals: 200_000_000,
  /** bytes of one JSON record */
  recordBytes: 16 * 1024 ** 2,
  /** listed problems of each kind; the rest is counted */
  problemsPerKind: 100,
} as const;

/** The budgets in words, for the upload form, the documentation and the command line. */
export const LIMITS_IN_WORDS: readonly string[] = [
  `at most ${LIMITS.bytes / 1024 ** 3} GB as uploaded, ${LIMITS.inflatedBytes / 1024 ** 3} GB when unpacked`,
  `at most ${LIMITS.detections.toLocaleString('en')} detections, ${LIMITS.detectionsPerImage.toLocaleString('en')} in one image`,
  `at most ${LIMITS.runsPerMask.toLocaleString('en')} runs or polygon coordinates in one mask`,
];
