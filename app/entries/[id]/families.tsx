/** The numbers that other papers report for LIVECell, each under its full name. */
import Link from 'next/link';
import { Digest } from '#app/_components/digest.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { exact, integer, percent } from '#lib/format.ts';
import type { Family } from '#lib/scoring/families.ts';
import { TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import { FAMILY_NUMBERS, TRUTH_NAMES } from '#lib/tasks/families.ts';

export function OtherPapers({ families }: { families: Families | undefined }) {
  if (!families) return null;
  const { labelThreshold } = families;
  const variants = TRUTH_VARIANTS.map((variant) => ({ variant, family: families[variant] as Family }));
  return (
    <details className="fold" id="other-papers">
      <summary>Numbers of other papers</summary>
      <div className="prose muted">
        <p>
          Papers print other numbers for LIVECell under the same short names. These are made from label images, in which
          every pixel belongs to one cell at most: outlines{' '}
          {labelThreshold === null
            ? 'in the order of the file'
            : `with a score of ${labelThreshold} or more, best score first,`}{' '}
          take the pixels that are still free. None of them ranks the board. “AP” of Cellpose and StarDist is not
          average precision: it is found cells over found, missed and false ones.{' '}
          <Link href="/protocol#other-papers">Definitions</Link>
        </p>
      </div>
      <TableFrame label="Numbers of other papers">
        <table>
          <caption className="visually-hidden">Numbers of other papers, in per cent, by flattened ground truth</caption>
          <thead>
            <tr>
              <th scope="col">Family</th>
              <th scope="col">Number</th>
              {variants.map(({ variant }) => (
                <th key={variant} scope="col" className="num">
                  <abbr title={TRUTH_NAMES[variant].text}>{variant}</abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FAMILY_NUMBERS.map(({ family, key, name, text, better, of }) => (
              <tr key={key}>
                <td>
                  <code>{family}</code>
                </td>
                <th scope="row">
                  <abbr title={text}>{name}</abbr> <span aria-hidden="true">{better === 'higher' ? '↑' : '↓'}</span>
                  <span className="visually-hidden">, {better} is better</span>
                </th>
                {variants.map(({ variant, family: numbers }) => (
                  <td key={variant} className="num" title={`${family}/${variant}: ${exact(of(numbers))}`}>
                    {percent(of(numbers), 1)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <dl className="facts">
        {variants.map(({ variant, family }) => (
          <div key={variant}>
            <dt>
              <code>{variant}</code>
            </dt>
            <dd>
              {TRUTH_NAMES[variant].name}: {integer(family.objects)} cells on {integer(family.images)} images,{' '}
              {integer(family.labels)} labels of this entry. Ground truth{' '}
              <Digest of={family.digest} what={`the ground truth ${variant}`} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
