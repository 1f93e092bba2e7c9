/** Exports everything the site holds about a person as one document. It has no secrets and no data of others. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { getPreferences } from '#db/notices/notices.ts';
import {
  auditEvents,
  classes,
  classMembers,
  datasets,
  evaluations,
  methods,
  notices,
  outbox,
  problemReports,
  processingTimes,
  quotaLedger,
  sessions,
  submissionFiles,
  submissions,
  teamMembers,
  teams,
  uploads,
  users,
} from '#db/schema.ts';
import { isReleased } from '#db/submissions/current-score.ts';
import { runsBefore } from '#db/submissions/runs-before.ts';
import { drawsOf } from '#lib/draws.ts';
import { userHolder } from '#lib/quota.ts';
import { disclosed } from '#lib/tasks/disclosure.ts';
import { isReport } from '#lib/tasks/report-schema.ts';
import { listSignIns } from './sign-ins.ts';
import { listTokens } from './tokens.ts';

/** Return the document, with times as dates; null if there is no such person. */
export async function accountData(userId: string, tx: Tx = db()) {
  const [user] = await tx.select().from(users).where(eq(users.id, userId));
  if (!user) return null;
  const { id, name, email, emailVerified, affiliation, orcid, role, suspendedAt, suspendedReason, createdAt } = user;
  const memberships = await tx
    .select({ id: teams.id, name: teams.name, role: teamMembers.role, joinedAt: teamMembers.joinedAt })
    .from(teamMembers)
    .innerJoin(teams, eq(teams.id, teamMembers.teamId))
    .where(eq(teamMembers.userId, userId))
    .orderBy(asc(teamMembers.joinedAt));
  const tokens = (await listTokens(userId, tx)).map(({ userId: _, ...token }) => token);
  return {
    schema: 1,
    madeAt: new Date(),
    profile: { id, name, email, emailVerified, affiliation, orcid, role, suspendedAt, suspendedReason, createdAt },
    noticePreferences: await getPreferences(userId, tx),
    signIns: await listSignIns(userId, tx),
    sessions: await tx
      .select({
        device: sessions.device,
        network: sessions.network,
        createdAt: sessions.createdAt,
        seenAt: sessions.seenAt,
        expires: sessions.expires,
      })
      .from(sessions)
      .where(eq(sessions.userId, userId)),
    tokens,
    teams: memberships,
    classes: await tx
      .select({ id: classes.id, name: classes.name, as: classMembers.name, joinedAt: classMembers.joinedAt })
      .from(classMembers)
      .innerJoin(classes, eq(classes.id, classMembers.classId))
      .where(eq(classMembers.userId, userId))
      .orderBy(asc(classMembers.joinedAt)),
    methods: await tx.select().from(methods).where(eq(methods.userId, userId)).orderBy(asc(methods.createdAt)),
    submissions: await submissionsOf(userId, tx),
    quota: await tx
      .select({
        at: quotaLedger.at,
        task: quotaLedger.task,
        kind: quotaLedger.kind,
        amount: quotaLedger.amount,
        submissionId: quotaLedger.submissionId,
        reason: quotaLedger.reason,
        expiresAt: quotaLedger.expiresAt,
      })
      .from(quotaLedger)
      .where(eq(quotaLedger.holder, userHolder(userId)))
      .orderBy(asc(quotaLedger.id)),
    uploads: await tx
      .select({
        id: uploads.id,
        fileName: uploads.fileName,
        bytes: uploads.bytes,
        sha256: uploads.sha256,
        createdAt: uploads.createdAt,
        completedAt: uploads.completedAt,
      })
      .from(uploads)
      .where(eq(uploads.userId, userId))
      .orderBy(asc(uploads.createdAt)),
    notices: await tx
      .select({
        kind: notices.kind,
        text: notices.text,
        link: notices.link,
        createdAt: notices.createdAt,
        readAt: notices.readAt,
      })
      .from(notices)
      .where(eq(notices.userId, userId))
      .orderBy(asc(notices.createdAt)),
    reports: await tx
      .select({
        submissionId: problemReports.submissionId,
        text: problemReports.text,
        createdAt: problemReports.createdAt,
        settledAt: problemReports.settledAt,
        answer: problemReports.answer,
      })
      .from(problemReports)
      .where(eq(problemReports.userId, userId))
      .orderBy(asc(problemReports.createdAt)),
    emails: email
      ? await tx
          .select({
            subject: outbox.subject,
            body: outbox.body,
            createdAt: outbox.createdAt,
            sentAt: outbox.sentAt,
          })
          .from(outbox)
          .where(eq(outbox.to, email))
          .orderBy(asc(outbox.createdAt))
      : [],
    events: await tx
      .select({
        at: auditEvents.at,
        kind: auditEvents.kind,
        submissionId: auditEvents.submissionId,
        detail: auditEvents.detail,
      })
      .from(auditEvents)
      .where(eq(auditEvents.actorId, userId))
      .orderBy(asc(auditEvents.id)),
  };
}

/** Return submissions with their files' names and digests and every score, without the maintainers' internal notes. */
async function submissionsOf(userId: string, tx: Tx) {
  const rows = await tx
    .select({
      id: submissions.id,
      task: submissions.task,
      method: submissions.method,
      methodId: submissions.methodId,
      teamId: submissions.teamId,
      version: submissions.version,
      description: submissions.description,
      paperUrl: submissions.paperUrl,
      codeUrl: submissions.codeUrl,
      trainingData: submissions.trainingData,
      testImagesSeen: submissions.testImagesSeen,
      exposure: submissions.exposure,
      licence: submissions.licence,
      cellsShown: submissions.cellsShown,
      filesShared: submissions.filesShared,
      state: submissions.state,
      visibility: submissions.visibility,
      anonymous: submissions.anonymous,
      anonymousUntil: submissions.anonymousUntil,
      anonymousNumber: submissions.anonymousNumber,
      hiddenReason: submissions.hiddenReason,
      moderatorNote: submissions.moderatorNote,
      withdrawalReason: submissions.withdrawalReason,
      problems: submissions.problems,
      warnings: submissions.warnings,
      failure: submissions.failure,
      createdAt: submissions.createdAt,
      finishedAt: submissions.finishedAt,
      publishedAt: submissions.publishedAt,
      filesDeletedAt: submissions.filesDeletedAt,
    })
    .from(submissions)
    .where(eq(submissions.userId, userId))
    .orderBy(asc(submissions.createdAt));
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const files = await tx
    .select({
      submissionId: submissionFiles.submissionId,
      slot: submissionFiles.slot,
      fileName: submissionFiles.fileName,
      bytes: submissionFiles.bytes,
      sha256: submissionFiles.sha256,
    })
    .from(submissionFiles)
    .where(inArray(submissionFiles.submissionId, ids))
    .orderBy(asc(submissionFiles.slot));
  const times = await tx
    .select({
      submissionId: processingTimes.submissionId,
      hardware: processingTimes.hardware,
      times: processingTimes.times,
    })
    .from(processingTimes)
    .where(inArray(processingTimes.submissionId, ids));
  const reports = await tx
    .select({
      submissionId: evaluations.submissionId,
      createdAt: evaluations.createdAt,
      report: evaluations.report,
      truthIsPublic: datasets.public,
      published: sql<boolean>`${submissions.visibility} = 'published'`,
      runs: runsBefore(),
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(inArray(evaluations.submissionId, ids), isReleased()))
    .orderBy(asc(evaluations.createdAt));
  return rows.map((row) => ({
    ...row,
    files: files.filter(({ submissionId }) => submissionId === row.id).map(({ submissionId: _, ...file }) => file),
    processingTimes:
      times.filter(({ submissionId }) => submissionId === row.id).map(({ submissionId: _, ...own }) => own)[0] ?? null,
    reports: reports
      .filter(({ submissionId }) => submissionId === row.id)
      .map(({ createdAt, report, ...about }) => ({
        createdAt,
        report: isReport(report) ? disclosed(report, { ...about, draw: drawsOf(report) }) : null,
      })),
  }));
}
