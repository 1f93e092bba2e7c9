import type { Verdict } from '#lib/viewer/verdicts.ts';
import { COLOURS, PATTERNS } from './scene.ts';

const WORDS: readonly [Verdict, string][] = [
  ['found', 'found'],
  ['missed', 'missed'],
  ['false', 'false'],
  ['split', 'split'],
  ['merged', 'merged'],
  ['uncounted', 'does not count'],
];

interface Props {
  judged: boolean;
  truth: boolean;
  /** the two sides show different layers */
  swipes: boolean;
  /** there is an image before or after */
  steps: boolean;
}

/** The marks of the picture and the keys. */
export function Legend({ judged, truth, swipes, steps }: Props) {
  const shown: readonly (readonly [Verdict, string])[] = [
    ...(truth || !judged ? [['plain', truth ? 'annotated' : 'predicted'] as const] : []),
    ...(judged ? WORDS : []),
  ];
  return (
    <details className="viewer-legend" open>
      <summary>Marks and keys</summary>
      <ul className="cluster">
        {shown.map(([verdict, words]) => (
          <li key={verdict}>
            <Swatch verdict={verdict} /> {words}
          </li>
        ))}
      </ul>
      <p className="hint">
        {judged &&
          'At IoU 0.50. Found and false are exact at every score; splits and merges are named at the entry’s own score. '}
        Drag to move; click the image, then turn the wheel to zoom. Keys:{' '}
        {judged && (
          <>
            <kbd>n</kbd> <kbd>p</kbd> next and previous error,{' '}
          </>
        )}
        <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom, arrows move,{' '}
        {swipes && (
          <>
            <kbd>[</kbd> <kbd>]</kbd> swipe, <kbd>t</kbd> change sides,{' '}
          </>
        )}
        {steps && (
          <>
            <kbd>,</kbd> <kbd>.</kbd> image before and after,{' '}
          </>
        )}
        <kbd>Esc</kbd> let go of a cell.
      </p>
    </details>
  );
}

function Swatch({ verdict }: { verdict: Verdict }) {
  const colour = `rgb(${COLOURS[verdict].join(' ')})`;
  const lines: Record<string, string[]> = {
    slashes: ['M2 12L12 2M-1 9L9 -1M5 15L15 5M9 17L17 9'],
    dots: ['M4 4h2v2h-2zM9 4h2v2h-2zM4 9h2v2h-2zM9 9h2v2h-2z'],
    columns: ['M5 2V13M9 2V13'],
    rows: ['M2 6H13M2 9.5H13'],
    none: [],
  };
  return (
    <svg width="18" height="18" viewBox="-1 -1 17 17" aria-hidden="true" className="viewer-swatch">
      <rect x="-1" y="-1" width="17" height="17" fill="#303030" />
      <g clipPath="inset(0)" stroke={colour} fill="none" strokeWidth="1.6">
        {lines[PATTERNS[verdict]].map((d) => (
          <path key={d} d={d} />
        ))}
        <rect x="1" y="1" width="13" height="13" />
      </g>
    </svg>
  );
}
