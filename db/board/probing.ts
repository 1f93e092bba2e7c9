/** People whose runs look like questions about hidden ground truth; the limits are in `lib/board/probing.ts`. */
import { and, eq, gt, inArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { auditEvents, datasets, evaluations, submissions, users } from '#db/schema.ts';
import { PROBING_DAYS, PROBING_LIMITS, type ProbingFinding, probingIn, type Run } from '#lib/board/probing.ts';
import { scoreFingerprint } from '#lib/board/suspicion.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { comparedResults, type RunFacts, runFacts } from './report-paths.ts';

/** One person’s runs of a task on a data set, and what is odd about them. */
export interface ProbingCase {
  person: { id: string; name: string | null };
  task: string;
  dataset: { id: string; name: string };
  runs: number;
  findings: ProbingFinding[];
}

/**
 * Return the cases of the last `PROBING_DAYS` days on ground truth that is not public, most findings first. A run counts
 * for its submitter and for the founder of the team it was sent for; withdrawn runs count, since their scores were seen.
 */
export async function listProbing(tx: Tx = db()): Promise<ProbingCase[]> {
  const founders = tx
    .select({
      teamId: sql<string>`${auditEvents.detail} ->> 'teamId'`.as('founded_team'),
      founder: sql<string>`max(${auditEvents.actorId})`.as('founder'),
    })
    .from(auditEvents)
    .where(eq(auditEvents.kind, 'team-created'))
    .groupBy(sql`${auditEvents.detail} ->> 'teamId'`)
    .as('founders');
  const rows = await tx
    .selectDistinctOn([submissions.id], {
      id: submissions.id,
      task: submissions.task,
      userId: submissions.userId,
      teamId: submissions.teamId,
      founder: founders.founder,
      dataset: { id: datasets.id, name: datasets.name },
      facts: runFacts(),
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .innerJoin(evaluations, eq(evaluations.submissionId, submissions.id))
    .leftJoin(founders, eq(founders.teamId, submissions.teamId))
    .where(
      and(
        eq(datasets.public, false),
        eq(submissions.demo, false),
        eq(evaluations.protocol, PRIMARY_PROTOCOL),
        gt(submissions.createdAt, sql`now() - make_interval(days => ${PROBING_DAYS})`),
      ),
    )
    .orderBy(submissions.id, evaluations.createdAt);
  const groups = new Map<string, { personId: string; rows: typeof rows }>();
  for (const row of rows)
    for (const personId of new Set([row.userId, row.founder]))
      if (personId !== null) {
        const key = `${personId} ${row.task} ${row.dataset.id}`;
        const group = groups.get(key) ?? { personId, rows: [] };
        group.rows.push(row);
        groups.set(key, group);
      }
  const many = [...groups.values()].filter(({ rows }) => rows.length >= PROBING_LIMITS.nearlyEqual);
  const fingerprints = await fingerprintsOf([...new Set(many.flatMap(({ rows }) => rows.map(({ id }) => id)))], tx);
  const found = [...groups.values()].flatMap(({ personId, rows }) => {
    const findings = probingIn(rows.map((row) => runOf(row, fingerprints)));
    const [{ task, dataset }] = rows;
    return findings.length > 0 ? [{ personId, task, dataset, runs: rows.length, findings }] : [];
  });
  if (found.length === 0) return [];
  const ids = found.map(({ personId }) => personId);
  const people = await tx.select({ id: users.id, name: users.name }).from(users).where(inArray(users.id, ids));
  return found
    .flatMap(({ personId, ...rest }) => {
      const person = people.find(({ id }) => id === personId);
      return person ? [{ person, ...rest }] : [];
    })
    .sort((a, b) => b.findings.length - a.findings.length || b.runs - a.runs || a.person.id.localeCompare(b.person.id));
}

interface Row {
  id: string;
  userId: string | null;
  teamId: string | null;
  facts: RunFacts;
}

function runOf({ id, userId, teamId, facts }: Row, fingerprints: ReadonlyMap<string, Map<string, number>>): Run {
  const { files, truth, series } = facts;
  return {
    holder: teamId ?? userId ?? '',
    files,
    truth,
    series: series.map(({ pearson = null, mostLeverage = null }) => ({ pearson, leverage: mostLeverage })),
    fingerprint: fingerprints.get(id) ?? new Map(),
  };
}

async function fingerprintsOf(ids: string[], tx: Tx): Promise<Map<string, Map<string, number>>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectDistinctOn([evaluations.submissionId], { id: evaluations.submissionId, results: comparedResults() })
    .from(evaluations)
    .where(and(inArray(evaluations.submissionId, ids), eq(evaluations.protocol, PRIMARY_PROTOCOL)))
    .orderBy(evaluations.submissionId, evaluations.createdAt);
  return new Map(rows.map(({ id, results }) => [id, scoreFingerprint(results)]));
}
