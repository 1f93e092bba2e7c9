/** An image with its two counts. */
export interface CountRow {
  readonly file: string;
  readonly reference: number;
  readonly predicted: number;
}
