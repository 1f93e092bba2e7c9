/** What all charts in files are made of: sizes, colours, shapes and lines of text. */

/** What a chart says about itself besides its title. */
export interface ChartNote {
  /** what was evaluated, on which data set, under which protocol */
  readonly source: string;
  /** the chart's address, and how to cite it */
  readonly citation: string;
}

/** Okabe and Ito's colours, which people with any colour vision can tell apart on white. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
export const [WIDTH, HEIGHT, LEFT, RIGHT, TOP] = [820, 520, 74, 24, 96];
export const FONT = 'font-family="Helvetica, Arial, sans-serif"';

/** A line of text on a chart, in pixels; `y` is its baseline. */
export interface ChartText {
  readonly x: number;
  readonly y: number;
  readonly words: string;
  readonly size: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
  readonly muted?: boolean;
  /** on a dark ground */
  readonly light?: boolean;
}

/** A chart in two parts, since programs that draw pictures on a server draw text by themselves. */
export interface ChartDrawing {
  readonly width: number;
  readonly height: number;
  /** SVG elements without text */
  readonly shapes: string;
  readonly texts: readonly ChartText[];
}

/** The inside of a drawing, before title and source. */
export interface Drawn {
  shapes: string[];
  texts: ChartText[];
}

export const rounded = (number: number) => String(Math.round(number * 100) / 100);
export const shortened = (words: string, most: number) =>
  words.length > most ? `${words.slice(0, most - 1)}…` : words;

export const line = (x: number, y: number, words: string, more: Partial<ChartText> = {}): ChartText => ({
  ...{ x, y, words, size: 13, anchor: 'start' },
  ...more,
});
