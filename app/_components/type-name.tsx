import { CELL_TYPE_NAMES, type CellType } from '#lib/livecell/cell-types.ts';

/** A cell type with the colour that it has in every chart. */
export function TypeName({ type }: { type: CellType }) {
  return (
    <span className="type-name">
      <span className="swatch" style={{ background: `var(--type-${type})` }} aria-hidden="true" />
      {CELL_TYPE_NAMES[type]}
    </span>
  );
}
