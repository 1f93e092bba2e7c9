/**
 * What the records themselves show about checks of the whole file. The kernel counts it while it has each record at
 * hand, and a check that could not find enough for its warning need not look at every record again.
 *
 * All numbers of odd records are upper limits: a record that was read the general way counts as odd in every respect.
 */
export interface Screening {
  /** records with pixels, a box and no crowd flag: a lower limit for all that are compared */
  screened: number;
  /** records read the general way */
  unscreened: number;
  /** records without pixels */
  bare: number;
  /** boxes without area beside masks with pixels */
  zeroBoxes: number;
  /** boxes that are not within 3 pixels of their masks’ extents, or lie in the first pixel of the image */
  unfit: number;
  /** masks of which less than half lies in the box */
  outside: number;
  /** masks of more than half of the image */
  large: number;
  hollow: number;
  scattered: number;
}

export function newScreening(): Screening {
  return {
    screened: 0,
    unscreened: 0,
    bare: 0,
    zeroBoxes: 0,
    unfit: 0,
    outside: 0,
    large: 0,
    hollow: 0,
    scattered: 0,
  };
}

/** Add the numbers of further records. */
export function addScreening(sum: Screening, more: Screening): void {
  for (const key of Object.keys(sum) as (keyof Screening)[]) sum[key] += more[key];
}

/** Tell whether a check that warns of a number and a share of odd records could warn. */
export function canReach(
  odd: number,
  { screened, unscreened }: Screening,
  limits: { fewest: number; share: number },
): boolean {
  const most = odd + unscreened;
  return most >= limits.fewest && most >= limits.share * screened;
}
