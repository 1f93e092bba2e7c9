import Link from 'next/link';
import { LocalTime } from '#app/_components/local-time.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { holdersOf } from '#app/_server/places.ts';
import { getTeam } from '#db/people/teams.ts';
import { listLedger, listPlaces } from '#db/quota/ledger.ts';
import { moment } from '#lib/format.ts';
import type { Viewer } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';

const KINDS = { reserved: 'place held', charged: 'charged', returned: 'given back', granted: 'granted' } as const;

/** What one may still submit, alone and for each team, and the ledger it comes from. */
export async function Quota({ who }: { who: NonNullable<Viewer> }) {
  const holders = holdersOf(who);
  const [places, lines, teams] = await Promise.all([
    listPlaces(holders),
    listLedger({ holders, limit: 100 }),
    Promise.all(who.teams.map(({ id }) => getTeam(id))),
  ]);
  const names = new Map(teams.flatMap((team) => (team ? [[`team:${team.id}`, team.name] as [string, string]] : [])));
  return (
    <section className="section" aria-labelledby="quota">
      <h2 id="quota">Quota</h2>
      <div className="stack">
        <p className="prose">
          Each person and each team has so many scored submissions per task in a sliding window. A submission holds a
          place until it is over, and only a score is charged: what is rejected, fails or is withdrawn before it has one
          costs nothing. Demo data sets are not counted, and scoring again never is.
        </p>
        <TableFrame label="Table of the quota">
          <table>
            <caption className="visually-hidden">Scored submissions and places left, by task</caption>
            <thead>
              <tr>
                <th scope="col">Task</th>
                {names.size > 0 && <th scope="col">For</th>}
                <th scope="col" className="num">
                  Scored
                </th>
                <th scope="col" className="num">
                  Waiting
                </th>
                <th scope="col">Limit</th>
                <th scope="col" className="num">
                  Left
                </th>
                <th scope="col">Next slot</th>
              </tr>
            </thead>
            <tbody>
              {places.map(({ holder, task, charged, reserved, limit, granted, days, left, nextSlotAt }) => (
                <tr key={`${holder} ${task}`}>
                  <th scope="row">{parseTask(task)?.name ?? task}</th>
                  {names.size > 0 && <td>{names.get(holder) ?? 'yourself'}</td>}
                  <td className="num">{charged}</td>
                  <td className="num">{reserved}</td>
                  <td>
                    {limit === null ? 'none' : `${limit} in ${days === 1 ? 'a day' : `${days} days`}`}
                    {granted > 0 && `, ${granted} of them granted`}
                  </td>
                  <td className="num">{left ?? '–'}</td>
                  <td>{nextSlotAt ? <LocalTime at={nextSlotAt.toISOString()} /> : 'now'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
        <details>
          <summary>Ledger</summary>
          {lines.length === 0 ? (
            <p>Nothing yet.</p>
          ) : (
            <TableFrame label="Ledger of the quota">
              <table>
                <caption className="visually-hidden">The last 100 lines of the ledger, the newest first</caption>
                <thead>
                  <tr>
                    <th scope="col" className="num">
                      When
                    </th>
                    <th scope="col">Task</th>
                    {names.size > 0 && <th scope="col">For</th>}
                    <th scope="col">What</th>
                    <th scope="col">Submission</th>
                    <th scope="col">Reason</th>
                  </tr>
                </thead>
                <tbody>
                  {lines.map((line) => (
                    <tr key={line.id}>
                      <td className="num">{moment(line.at)}</td>
                      <td>{parseTask(line.task)?.name ?? line.task}</td>
                      {names.size > 0 && <td>{names.get(line.holder) ?? 'yourself'}</td>}
                      <td>
                        {KINDS[line.kind]}
                        {line.kind === 'granted' && `: ${line.amount}`}
                        {line.expiresAt && `, until ${moment(line.expiresAt)}`}
                      </td>
                      <td>
                        {line.submissionId ? (
                          <Link href={`/submissions/${line.submissionId}`}>{line.method}</Link>
                        ) : (
                          '–'
                        )}
                      </td>
                      <td>{line.reason}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableFrame>
          )}
        </details>
      </div>
    </section>
  );
}
