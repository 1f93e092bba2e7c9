/** The truth variants of public ground truth, for download with their digests. */
import { TableFrame } from '#app/_components/table-frame.tsx';
import { listVariants, variantsAreDue } from '#db/datasets/variants.ts';
import type { Dataset } from '#db/schema.ts';
import { bytes, integer } from '#lib/format.ts';
import { TRUTH_NAMES } from '#lib/tasks/families.ts';

export async function TruthVariants({ dataset }: { dataset: Dataset }) {
  const variants = await listVariants(dataset);
  if (variants.length === 0) {
    if (!(await variantsAreDue(dataset))) return null;
    return (
      <section className="section" id="variants">
        <h2>Annotations as label images</h2>
        <p className="prose muted">They are being made, after the scores in the queue. Look again in some minutes.</p>
      </section>
    );
  }
  const address = `/api/v1/datasets/${encodeURIComponent(dataset.name)}/variants`;
  return (
    <section className="section" id="variants">
      <h2>Annotations as label images</h2>
      <p className="prose muted">
        Annotated cells overlap, and in a label image every pixel belongs to one cell at most. Papers resolve overlaps
        in two ways and rarely say which. Each file is one .zip of 16-bit PNG files, one per image, as the numbers of
        other papers are computed here. The digest is of the label images themselves, in the order of the images, and
        stands beside every such number.
      </p>
      <TableFrame label="Annotations as label images">
        <table>
          <caption className="visually-hidden">Truth variants</caption>
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col">Overlaps</th>
              <th scope="col" className="num">
                Images
              </th>
              <th scope="col" className="num">
                Cells
              </th>
              <th scope="col">File</th>
              <th scope="col">Digest of the labels</th>
            </tr>
          </thead>
          <tbody>
            {variants.map(({ variant, images, labels, digest, sha256, bytes: size }) => (
              <tr key={variant}>
                <th scope="row">
                  <code>{variant}</code>
                </th>
                <td>{TRUTH_NAMES[variant].text}</td>
                <td className="num">{integer(images)}</td>
                <td className="num">{integer(labels)}</td>
                <td>
                  <a href={`${address}?variant=${variant}`} title={`SHA-256 of the file: ${sha256}`} download>
                    {variant}.zip, {bytes(size)}
                  </a>
                </td>
                <td>
                  <code title={digest}>{digest.slice(0, 12)}…</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}
