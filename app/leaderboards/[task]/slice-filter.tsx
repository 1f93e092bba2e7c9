/** The board of a slice of biology: the choices in its menu, and a line that says what is shown. */
import Link from 'next/link';
import { Segments } from '#app/_components/choice-links.tsx';
import type { BoardRow, BoardSliceChoice } from '#db/board/board.ts';
import type { Dataset } from '#db/schema.ts';
import { choiceInWords, DIMENSION_NAMES, type SliceValues, valueName } from '#lib/board/slices.ts';
import { integer } from '#lib/format.ts';
import { MOST_DIMENSIONS } from '#lib/scoring/slice-table.ts';
import { type BoardView, isSliced, viewHref } from './view.ts';

const DIMENSIONS = ['day', 'density', 'size'] as const satisfies readonly (keyof BoardSliceChoice)[];

/** The slice in a word or two, for the menu that is closed. */
export function sliceChosen({ slice }: BoardView, values: SliceValues, truthIsPublic: boolean): string | undefined {
  return isSliced({ slice }) ? choiceInWords(slice, values, truthIsPublic) : undefined;
}

/** Day, density and size. As many as can be combined: the oldest choice makes room for another. */
export function SliceChoices({
  view,
  values,
  truthIsPublic,
}: {
  view: BoardView;
  values: SliceValues;
  truthIsPublic: boolean;
}) {
  const { slice, cellType } = view;
  const choose = (dimension: (typeof DIMENSIONS)[number], value: string | null): BoardSliceChoice => {
    const { [dimension]: _, ...others } = slice;
    if (value === null) return others;
    const room = MOST_DIMENSIONS - 1 - Number(cellType !== null);
    return { ...Object.fromEntries(Object.entries(others).slice(0, room)), [dimension]: value };
  };
  return DIMENSIONS.map((dimension) => {
    const all = dimension === 'density' ? values.density.map(({ value }) => value) : values[dimension];
    return (
      <Segments
        key={dimension}
        label={DIMENSION_NAMES[dimension]}
        items={[null, ...all].map((value) => ({
          label: value === null ? 'All' : valueName(dimension, value, values, truthIsPublic),
          href: viewHref(view, { slice: choose(dimension, value) }),
          current: (slice[dimension] ?? null) === value,
        }))}
      />
    );
  });
}

/** What the board of a slice shows, and how many entries cannot be on it. */
export function SliceNote({
  view,
  values,
  entries,
  dataset,
}: {
  view: BoardView;
  values: SliceValues | null;
  entries: readonly BoardRow[];
  dataset: Dataset | null;
}) {
  if (!values || !isSliced(view)) return null;
  const { slice, cellType } = view;
  const choice = { ...slice, ...(cellType && { type: cellType }) };
  const without = entries.filter((row) => row.values.AP === undefined).length;
  return (
    <p className="verdict">
      Masks on {choiceInWords(choice, values, dataset?.public === true)}: a pool of its own, with too few fields of view
      for intervals, so small differences mean little.{' '}
      {without > 0 &&
        `${integer(without)} ${without === 1 ? 'entry has' : 'entries have'} no numbers of slices (yet) and no rank here. `}
      <Link href={viewHref(view, { slice: {} })}>All images</Link>
    </p>
  );
}
