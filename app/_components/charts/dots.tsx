import type { Series } from '#lib/charts/series.ts';
import { labelsOf } from './direct-labels.ts';
import { DrawnDots } from './drawn.tsx';

interface Props {
  series: Series;
  /** [rows × series] the numbers behind each, as fractions */
  marks?: readonly (readonly (readonly number[])[])[];
  ofMethods?: boolean;
}

/** A row per label and a dot per series, with small marks behind it: what the number is made of. */
export function Dots({ series, marks, ofMethods }: Props) {
  return <DrawnDots series={series} marks={marks} labels={labelsOf(series, 'bar', marks)} ofMethods={ofMethods} />;
}
