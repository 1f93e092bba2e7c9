/** How long a method took for one file. */
export interface ImageTime {
  /** as the data set calls it */
  readonly image: string;
  readonly seconds: number;
}
