import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { listAddedNumbers } from '#db/datasets/ledger.ts';
import { day, integer } from '#lib/format.ts';
import { canManageGroundTruth } from '#lib/permissions.ts';
import { describeNumber, LEDGER_COLUMNS, MOST_ROWS_ADDED } from '#lib/published/ledger.ts';
import { removeNumber } from './actions.ts';
import { NumberForm, TableForm } from './forms.tsx';

export const metadata: Metadata = { title: 'Published numbers', robots: { index: false } };

/** Where maintainers add numbers to the ledger of published ones. */
export default async function AddPublishedPage() {
  if (!canManageGroundTruth(await viewer())) notFound();
  const added = await listAddedNumbers();
  return (
    <div className="page">
      <header className="page-head">
        <h1>Published numbers</h1>
        <p className="lead">
          Numbers that papers and repositories report, added to <Link href="/published">the ledger</Link> that everybody
          reads. The site names the family of each and says whether it is comparable; none is ranked.
        </p>
      </header>
      <section className="section">
        <h2>Add one</h2>
        <NumberForm />
      </section>
      <section className="section">
        <h2>Add a table</h2>
        <p className="prose muted">
          <a href="/published/table.csv">The ledger itself</a> has this form. If a line is wrong, nothing is added, and
          every wrong line is named with its column. A number that is there already is told and left out.
        </p>
        <TableForm columns={LEDGER_COLUMNS.join(',')} most={MOST_ROWS_ADDED} />
      </section>
      <section className="section">
        <h2>Added here</h2>
        {added.length === 0 ? (
          <p>None yet. The numbers that ship with the site are not listed here and cannot be removed.</p>
        ) : (
          <TableFrame label="Numbers that maintainers added">
            <table>
              <caption>{integer(added.length)} added</caption>
              <thead>
                <tr>
                  <th scope="col">Method</th>
                  <th scope="col">Number</th>
                  <th scope="col" className="num">
                    Value
                  </th>
                  <th scope="col">Comparable</th>
                  <th scope="col">Source</th>
                  <th scope="col">Added</th>
                  <th scope="col">Remove</th>
                </tr>
              </thead>
              <tbody>
                {added.map((row) => {
                  const { beside, because } = describeNumber(row);
                  return (
                    <tr key={row.id}>
                      <th scope="row">
                        {row.method}, {row.year}
                      </th>
                      <td>
                        {row.metric}, {row.split}
                      </td>
                      <td className="num">{row.value}</td>
                      <td>
                        {beside ? 'Yes' : 'No'}, because {because}.
                      </td>
                      <td>{row.source}</td>
                      <td className="num">{day(row.createdAt)}</td>
                      <td>
                        <Act action={removeNumber} values={{ id: row.id }} label="Remove" kind="danger">
                          <input
                            name="reason"
                            aria-label={`Reason to remove the number of ${row.method}`}
                            placeholder="Reason"
                            required
                            minLength={3}
                            maxLength={500}
                          />
                        </Act>
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </TableFrame>
        )}
      </section>
    </div>
  );
}
