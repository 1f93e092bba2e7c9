import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { errataOf } from '#app/_server/errata.ts';
import { AppError } from '#lib/errors.ts';
import { day, integer } from '#lib/format.ts';

type Props = { params: Promise<{ name: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Errata of ${decodeURIComponent((await params).name)}` };
}

/** The label errors of a data set that maintainers confirmed. */
export default async function ErrataPage({ params }: Props) {
  const name = decodeURIComponent((await params).name);
  const { dataset, errata } = await errataOf(name).catch((error) => {
    if (error instanceof AppError && error.code === 'not-found') notFound();
    throw error;
  });
  const base = `/datasets/${encodeURIComponent(dataset)}`;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={base}>{dataset}</Link>
        </p>
        <h1>Errata</h1>
        <p className="lead">
          {errata.length === 0
            ? 'No label error has been confirmed yet.'
            : `${integer(errata.length)} label errors, confirmed by the maintainers.`}
        </p>
        <p className="prose muted">
          At least three strong entries of different owners agree with each other against the annotation here, or on a
          cell that nobody annotated, and a maintainer looked at it. Scores still count the annotation as it is, until a
          mended version is registered and everything is scored again. As <a href={`${base}/errata/table.csv`}>CSV</a>{' '}
          or <a href={`/api/v1/datasets/${encodeURIComponent(dataset)}/errata`}>JSON</a>.
        </p>
      </header>
      {errata.length > 0 && (
        <TableFrame label="Errata">
          <table>
            <caption className="visually-hidden">Confirmed label errors</caption>
            <thead>
              <tr>
                <th scope="col">Image</th>
                <th scope="col">What</th>
                <th scope="col" className="num">
                  x, y
                </th>
                <th scope="col" className="num">
                  Size
                </th>
                <th scope="col">Remark</th>
                <th scope="col">Confirmed</th>
                <th scope="col">Mended</th>
              </tr>
            </thead>
            <tbody>
              {errata.map(({ image, kind, cell, box, note, confirmedAt, current }) => (
                <tr key={`${image} ${box}`}>
                  <th scope="row">
                    <Link
                      href={`${base}/viewer?${new URLSearchParams({ image, ...(cell !== null && { cell: `t${cell + 1}` }) })}`}
                      prefetch={false}
                    >
                      {image}
                    </Link>
                  </th>
                  <td>{kind === 'outline' ? `cell t${cell! + 1} is outlined otherwise` : 'a cell is not annotated'}</td>
                  <td className="num">
                    {box[0]}, {box[1]}
                  </td>
                  <td className="num">
                    {box[2]} × {box[3]}
                  </td>
                  <td>{note}</td>
                  <td>{confirmedAt && day(new Date(confirmedAt))}</td>
                  <td>{current ? 'not yet' : 'ground truth replaced since'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </div>
  );
}
