import { DataTable } from '#app/_components/data-table.tsx';
import { LedgerTable } from '#app/_components/ledger-table.tsx';
import { LocalTime } from '#app/_components/local-time.tsx';
import { holdersOf } from '#app/_server/places.ts';
import { getTeam } from '#db/people/teams.ts';
import { listLedger, listPlaces } from '#db/quota/ledger.ts';
import type { Viewer } from '#lib/permissions.ts';
import { type QuotaHolder, teamHolder } from '#lib/quota.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** The viewer's remaining submissions, their own and each team's, with the ledger. */
export async function Quota({ who }: { who: NonNullable<Viewer> }) {
  const holders = holdersOf(who);
  const [places, lines, teams] = await Promise.all([
    listPlaces(holders),
    listLedger({ holders, limit: 100 }),
    Promise.all(who.teams.map(({ id }) => getTeam(id))),
  ]);
  const names = new Map<QuotaHolder, string>(
    teams.flatMap((team) => (team ? [[teamHolder(team.id), team.name] as const] : [])),
  );
  return (
    <section className="section" aria-labelledby="quota">
      <h2 id="quota">Quota</h2>
      <div className="stack">
        <p className="prose">
          Each person and each team may have a number of scored submissions per task in a sliding window. A submission
          holds a place until it ends, and only a score is charged: a submission that is rejected, fails or is withdrawn
          before it has a score costs nothing. Submissions to demo data sets are not counted, nor is re-scoring.
        </p>
        <DataTable
          label="Table of the quota"
          caption="Scored submissions and places left, by task"
          rows={places}
          rowKey={({ holder, task }) => `${holder} ${task}`}
          columns={[
            { head: 'Task', rowHead: true, cell: ({ task }) => parseTask(task)?.name ?? task },
            names.size > 0 && { head: 'For', cell: ({ holder }) => names.get(holder) ?? 'yourself' },
            { head: 'Scored', num: true, cell: ({ charged }) => charged },
            { head: 'Waiting', num: true, cell: ({ reserved }) => reserved },
            {
              head: 'Limit',
              cell: ({ limit, days, granted }) =>
                (limit === null ? 'none' : `${limit} in ${days === 1 ? 'a day' : `${days} days`}`) +
                (granted > 0 ? `, ${granted} of them granted` : ''),
            },
            { head: 'Left', num: true, cell: ({ left }) => left ?? '–' },
            {
              head: 'Next slot',
              cell: ({ nextSlotAt }) => (nextSlotAt ? <LocalTime at={nextSlotAt.toISOString()} /> : 'now'),
            },
          ]}
        />
        <details>
          <summary>Ledger</summary>
          {lines.length === 0 ? (
            <p>Nothing yet.</p>
          ) : (
            <LedgerTable
              label="Ledger of the quota"
              caption="The last 100 lines of the ledger, the newest first"
              lines={lines}
              withTask
              holder={
                names.size > 0 ? { head: 'For', name: ({ holder }) => names.get(holder) ?? 'yourself' } : undefined
              }
              hrefOf={(id) => `/submissions/${id}`}
            />
          )}
        </details>
      </div>
    </section>
  );
}
