/** What a page draws of results, as data: the kind of each figure and what it shows. */
import type { TrainingSize } from '#lib/livecell/splits.ts';
import type { CountResults, Metrics, TransferabilityResults } from '#lib/scoring/report.ts';
import type { Series } from './series.ts';

/** A method's metrics by share of the training images, for one evaluation. */
export interface LearningCurve {
  readonly name: string;
  readonly sizes: Partial<Record<TrainingSize, Metrics>>;
}

/** Whether the names of a figure are the methods that were drawn, all of them in their order. */
interface OfMethods {
  readonly ofMethods?: boolean;
}

export type Figure =
  | ({ readonly kind: 'bar' | 'line'; readonly series: Series } & OfMethods)
  /** a row per label, a dot per method; `marks` [rows × methods] are the numbers behind each */
  | ({
      readonly kind: 'dots';
      readonly series: Series;
      readonly marks?: readonly (readonly (readonly number[])[])[];
    } & OfMethods)
  /** AP by training type and evaluated type; `most` is the AP of the strongest shade */
  | {
      readonly kind: 'heat';
      readonly name: string;
      readonly results: TransferabilityResults;
      readonly most: number;
    }
  /** a number against the share of the training images, a line per method; `what` is evaluated */
  | ({
      readonly kind: 'learning-curves';
      readonly curves: readonly LearningCurve[];
      readonly metric: 'AP' | 'AFNR';
      readonly what: string;
    } & OfMethods)
  | { readonly kind: 'counts' | 'counts-over-time'; readonly name: string; readonly result: CountResults }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

/** Figures that stand together, under a head of their own where they have one. */
export interface Figures {
  readonly title?: string;
  /** each over the whole width of the page instead of side by side */
  readonly wide?: true;
  readonly figures: readonly Figure[];
}

/** What is drawn, as titles of charts end: `masks`. */
export const EVALUATION_WORDS = { segm: 'masks', bbox: 'boxes' } as const;

/** A page may have the same chart of masks, boxes and several data sets: the ends of their titles tell them apart. */
export function titled(series: Series, what: string): Series {
  return { ...series, title: `${series.title}, ${what}` };
}

/** Mark the figures whose names are these methods, so that a page can link their marks with its rows. */
export function linkMethods(groups: readonly Figures[], methods: readonly string[]): Figures[] {
  const same = (names: readonly string[]) =>
    names.length === methods.length && names.every((name, i) => name === methods[i]);
  return groups.map((group) => ({
    ...group,
    figures: group.figures.map((figure) => {
      if (figure.kind === 'learning-curves')
        return { ...figure, ofMethods: same(figure.curves.map(({ name }) => name)) };
      return 'series' in figure ? { ...figure, ofMethods: same(figure.series.names) } : figure;
    }),
  }));
}
