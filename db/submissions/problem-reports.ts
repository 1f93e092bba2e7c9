/** Reports of problems with public entries: by anybody who is signed in, settled by a maintainer. */
import { and, asc, count, eq, isNull } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { type ProblemReport, problemReports, submissions, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { MAX_REASON } from './moderation.ts';

/** Unsettled reports that a person may have, so that nobody can fill the inbox. */
export const MOST_OPEN_REPORTS = 5;

function requireWords(text: string, what: string): string {
  const said = text.trim();
  if (!said) throw new AppError('invalid', what);
  if (said.length > MAX_REASON) throw new AppError('invalid', 'At most 1,000 characters.');
  return said;
}

/** Report a problem with an entry. @throws AppError without words, or if the person has too many open reports */
export async function reportProblem(
  submissionId: string,
  userId: string,
  text: string,
  tx: Tx = db(),
): Promise<ProblemReport> {
  const said = requireWords(text, 'Say what is wrong, and how you noticed. The maintainers read it.');
  return tx.transaction(async (tx) => {
    // one report of a person after the other, or two at once would both be the last one allowed
    await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update');
    const [{ open }] = await tx
      .select({ open: count() })
      .from(problemReports)
      .where(and(eq(problemReports.userId, userId), isNull(problemReports.settledAt)));
    if (open >= MOST_OPEN_REPORTS)
      throw new AppError(
        'conflict',
        `${MOST_OPEN_REPORTS} of your reports wait for an answer; report more when one of them is settled.`,
      );
    const [report] = await tx.insert(problemReports).values({ submissionId, userId, text: said }).returning();
    return report;
  });
}

/** A report with what it is about and who made it. */
export interface ReportCase {
  report: ProblemReport;
  /** the entry's name as its owner wrote it: for maintainers */
  method: string;
  reporter: { id: string; name: string | null } | null;
}

/** Return the reports that no maintainer has settled, the oldest first. */
export async function listOpenReports(tx: Tx = db()): Promise<ReportCase[]> {
  return tx
    .select({
      report: problemReports,
      method: submissions.method,
      reporter: { id: users.id, name: users.name },
    })
    .from(problemReports)
    .innerJoin(submissions, eq(submissions.id, problemReports.submissionId))
    .leftJoin(users, eq(users.id, problemReports.userId))
    .where(isNull(problemReports.settledAt))
    .orderBy(asc(problemReports.createdAt), asc(problemReports.id));
}

/** Settle a report with an answer, which its reporter receives. @throws AppError if another maintainer was faster */
export async function settleReport(id: string, actorId: string, answer: string, tx: Tx = db()): Promise<ProblemReport> {
  const said = requireWords(answer, 'Say what you found. The person who reported it reads it.');
  return tx.transaction(async (tx) => {
    const [settled] = await tx
      .update(problemReports)
      .set({ settledAt: new Date(), settledBy: actorId, answer: said })
      .where(and(eq(problemReports.id, id), isNull(problemReports.settledAt)))
      .returning();
    if (!settled) throw new AppError('conflict', 'This report is settled already, or there is none.');
    const { submissionId } = settled;
    await recordEvent(actorId, { kind: 'problem-settled', submissionId, reportId: id, reason: said }, tx);
    if (settled.userId)
      await notify(
        [settled.userId],
        {
          kind: 'problem-settled',
          text: `A maintainer answered the problem that you reported. ${said}`,
          link: `/entries/${submissionId}`,
        },
        tx,
      );
    return settled;
  });
}
