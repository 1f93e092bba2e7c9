/** Example pictures, one of each cell type (the paper's Figure 2), with the outlines of the cells where those are public. */

import { TypeName } from '#app/_components/type-name.tsx';
import type { ExamplePicture } from '#lib/datasets/examples.ts';
import { CELL_TYPE_NAMES, parseImageName } from '#lib/livecell/cell-types.ts';
import { hours } from './tables.tsx';
import { Zoom } from './zoom.tsx';

export function Examples({
  dataset,
  examples,
  outlines,
}: {
  dataset: string;
  examples: readonly ExamplePicture[];
  outlines: boolean;
}) {
  const address = (name: string, ending: 'png' | 'svg') =>
    `/datasets/${encodeURIComponent(dataset)}/pictures/${encodeURIComponent(name)}.${ending}`;
  return (
    <section className="section examples" aria-labelledby="examples">
      <h2 id="examples">Examples</h2>
      <p className="muted">With more contrast than measured; each opens large.</p>
      {outlines && (
        <label className="check">
          <input type="checkbox" className="outlines-shown" defaultChecked />
          Outlines of the annotated cells
        </label>
      )}
      <div className="pictures">
        {examples.map(({ cellType, name, width, height }) => {
          const from = parseImageName(name);
          const title = cellType ? CELL_TYPE_NAMES[cellType] : name;
          return (
            <figure key={name}>
              <Zoom
                title={cellType ? `${title} cells, ${name}` : name}
                picture={address(name, 'png')}
                outlines={outlines ? address(name, 'svg') : null}
              >
                {/* biome-ignore lint/performance/noImgElement: its size is right already, and it may not be kept by others */}
                <img
                  src={`${address(name, 'png')}?as=small`}
                  alt={cellType ? `${title} cells` : title}
                  width={width}
                  height={height}
                  loading="lazy"
                />
                {outlines && (
                  // biome-ignore lint/performance/noImgElement: as above
                  <img
                    className="outlines"
                    src={address(name, 'svg')}
                    alt=""
                    width={width}
                    height={height}
                    loading="lazy"
                  />
                )}
              </Zoom>
              <figcaption>
                {cellType ? <TypeName type={cellType} /> : <b>{title}</b>}
                {from && ` well ${from.well}, ${hours(from.minutes / 60)} h`}
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
