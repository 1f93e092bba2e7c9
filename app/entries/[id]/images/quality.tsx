/** Quality control of an entry: what a careful reviewer would look at first, with how serious it is. */
import { TableFrame } from '#app/_components/table-frame.tsx';
import { integer, percent } from '#lib/format.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import type { QualityCode, QualityFinding, Severity } from '#lib/scoring/quality-control.ts';

const WORDS: Readonly<Record<QualityCode, { name: string; of: string; text: string }>> = {
  'no-detections': {
    name: 'Images without any outline',
    of: 'images with cells',
    text: 'Every cell on them counts as missed. Images may have been left out of the file.',
  },
  'detections-at-cap': {
    name: 'Outlines stop at a limit',
    of: 'images',
    text: 'Several images have exactly the largest number of outlines. Stock tools stop at 100 or 300 per image; LIVECell has up to 3,015 cells on one.',
  },
  'constant-scores': {
    name: 'The same score again and again',
    of: 'outlines',
    text: 'AP looks at outlines in the order of their scores. Without an order it is an accident.',
  },
  'masks-against-boxes': {
    name: 'Masks outside their own boxes',
    of: 'outlines',
    text: 'Boxes may be in another unit or order of coordinates than the masks.',
  },
  'near-copies': {
    name: 'Nearly exact copies of the annotation',
    of: 'cells',
    text: 'IoU of 0.99 or more is hardly drawn by a model. The file may hold annotations, or have been made with them.',
  },
  'far-below': {
    name: 'Images far below the entry’s own level',
    of: 'images with at least ten cells',
    text: 'Far below the other images of the same cell type: shifted, rotated or swapped outlines, or a failure of the model.',
  },
};

const SEVERITY_WORDS: Readonly<Record<Severity, { name: string; kind: string }>> = {
  serious: { name: 'Serious', kind: 'bad' },
  notable: { name: 'Look at it', kind: 'warn' },
  minor: { name: 'Minor', kind: 'info' },
};

const MOST_NAMED = 3;

export function QualityTable({ findings, rows }: { findings: readonly QualityFinding[]; rows: readonly ImageRow[] }) {
  return (
    <section className="section" id="quality">
      <h2>Quality control</h2>
      {findings.length === 0 ? (
        <p className="muted">Nothing stands out: no image without outlines, no limit, no constant scores, no copies.</p>
      ) : (
        <TableFrame label="Quality control">
          <table>
            <caption className="visually-hidden">Findings of quality control, the most serious first</caption>
            <thead>
              <tr>
                <th scope="col">Severity</th>
                <th scope="col">Finding</th>
                <th scope="col" className="num">
                  How many
                </th>
                <th scope="col">What it may mean</th>
              </tr>
            </thead>
            <tbody>
              {findings.map(({ code, severity, count, of, cap, images }) => (
                <tr key={code}>
                  <td>
                    <span className="badge" data-kind={SEVERITY_WORDS[severity].kind}>
                      {SEVERITY_WORDS[severity].name}
                    </span>
                  </td>
                  <th scope="row">
                    {WORDS[code].name}
                    {cap !== undefined && ` of ${integer(cap)}`}
                  </th>
                  <td className="num">
                    {integer(count)} of {integer(of)} {WORDS[code].of} ({percent(count / Math.max(1, of), 1)} %)
                  </td>
                  <td>
                    {WORDS[code].text}
                    {images && images.length > 0 && (
                      <small className="muted">
                        {' '}
                        For example{' '}
                        {images
                          .slice(0, MOST_NAMED)
                          .map((image) => rows[image]?.name)
                          .join(', ')}
                        .
                      </small>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </section>
  );
}
