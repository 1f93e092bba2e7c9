/** The names of what goes wrong with an outline, apart from what finds it, so that pages need not load the matching. */

/** In the order in which segmentation fails: not seen, badly outlined, several for one, one for several, too many. */
export const ERROR_KINDS = ['missed', 'poorBoundary', 'split', 'merge', 'duplicate', 'background'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** In place of a kind of error, for objects that do not count. */
export const NOT_COUNTED = 255;
