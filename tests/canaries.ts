/** An entry whose every trace of a person is a word that stands nowhere else, to be looked for where it must not be. */
import { randomBytes, randomInt } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { saveEvaluations } from '#db/board/values.ts';
import type { Tx } from '#db/engine/client.ts';
import { createToken } from '#db/people/tokens.ts';
import {
  type Dataset,
  methods,
  notices,
  submissionFiles,
  submissions,
  teamMembers,
  teams,
  uploads,
  users,
} from '#db/schema.ts';
import { makeAnonymous, makeReviewLink } from '#db/submissions/anonymity.ts';
import type { Report } from '#lib/tasks/report.ts';

export interface Planted {
  /** of the submission; no secret */
  id: string;
  /** of the reviewers' link */
  secret: string;
  /** `Anonymous entry 7` */
  name: string;
  /** the method's, which is everywhere once the entry is revealed */
  methodName: string;
  methodId: string;
  teamName: string;
  ownerId: string;
  owner: { name: string; email: string };
  teamId: string;
  /** what to look for: each of them tells who made the entry, or what else is theirs */
  words: Record<string, string>;
}

/** A published, scored, anonymous entry on `dataset`, with reports that are the caller's. */
export async function plantCanaries(tx: Tx, dataset: Dataset, reports: readonly Report[]): Promise<Planted> {
  // a site may see the tests more than once
  const salt = randomBytes(4).toString('hex');
  const word = (what: string) => `qzx${salt}${what}`;
  const digits = () => String(randomInt(10 ** 8, 10 ** 9));
  const [parameters, secondsPerImage] = [Number(`4.${digits()}7`), Number(`0.${digits()}7`)];
  const owner = {
    name: `${word('name')} Quill`,
    email: `${word('mail')}@example.org`,
    affiliation: `${word('place')} Institute`,
    orcid: `0000-0009-${digits().replace(/^(.{4})(.{4}).*$/, '$1-$2')}`,
    image: `https://example.org/${word('face')}`,
  };
  const methodName = `${word('method')} Net`;
  const teamName = `${word('team')} Lab`;
  const words = {
    userName: word('name'),
    email: word('mail'),
    affiliation: word('place'),
    orcid: owner.orcid,
    image: word('face'),
    team: word('team'),
    method: word('method'),
    description: word('description'),
    methodDescription: word('about'),
    paper: word('paper'),
    code: word('code'),
    trainingData: word('training'),
    authors: word('authors'),
    architecture: word('architecture'),
    pretraining: word('pretraining'),
    extraData: word('extra'),
    note: word('note'),
    fileName: word('file'),
    storage: word('storage'),
    warning: word('warning'),
    notice: word('notice'),
    token: word('token'),
    upload: word('upload'),
    verified: word('verified'),
    parameters: String(parameters),
    secondsPerImage: String(secondsPerImage),
  };
  const links = { paperUrl: `https://example.org/${words.paper}`, codeUrl: `https://example.org/${words.code}` };
  const planted = await tx.transaction(async (tx) => {
    const [user] = await tx.insert(users).values(owner).returning();
    const [team] = await tx.insert(teams).values({ name: teamName }).returning();
    await tx.insert(teamMembers).values({ teamId: team.id, userId: user.id, role: 'owner' });
    const [method] = await tx
      .insert(methods)
      .values({
        userId: user.id,
        teamId: team.id,
        name: methodName,
        description: words.methodDescription,
        ...links,
        authors: words.authors,
        architecture: words.architecture,
        parameters,
        pretraining: words.pretraining,
        extraData: words.extraData,
        secondsPerImage,
      })
      .returning();
    const warnings = [
      {
        code: 'unknown-image' as const,
        message: `Left out: “${words.warning}.json”.`,
        count: 1,
        examples: [`${words.warning}.json`],
      },
    ];
    const now = new Date();
    const [submission] = await tx
      .insert(submissions)
      .values({
        task: dataset.task,
        datasetId: dataset.id,
        userId: user.id,
        teamId: team.id,
        methodId: method.id,
        method: methodName,
        description: words.description,
        trainingData: words.trainingData,
        ...links,
        moderatorNote: words.note,
        verifiedAt: now,
        verifiedBy: user.id,
        verifiedNote: words.verified,
        state: 'scored',
        warnings,
        startedAt: now,
        finishedAt: now,
      })
      .returning();
    await tx.insert(submissionFiles).values({
      submissionId: submission.id,
      slot: 'all',
      bytes: 3,
      sha256: 'f'.repeat(64),
      fileName: `${words.fileName}.json`,
      storageKey: `submissions/${words.storage}.json`,
    });
    await saveEvaluations(
      reports.map((report) => ({
        submissionId: submission.id,
        protocol: report.protocol,
        groundTruthSha256: dataset.sha256,
        evaluatorVersion: report.evaluator.version,
        report: { ...report, warnings },
      })),
      tx,
    );
    await tx.insert(notices).values({ userId: user.id, kind: 'scored', text: words.notice });
    await tx.insert(uploads).values({
      id: `${words.upload}-1`,
      userId: user.id,
      fileName: `${words.fileName}.json`,
      bytes: 3,
      storageKey: `uploads/${words.upload}`,
    });
    await createToken(user.id, words.token, {}, tx);
    await recordEvent(
      user.id,
      {
        kind: 'submitted',
        submissionId: submission.id,
        task: dataset.task,
        method: methodName,
      },
      tx,
    );
    return { id: submission.id, ownerId: user.id, teamId: team.id, methodId: method.id };
  });
  const { anonymousNumber } = await makeAnonymous(planted.id, planted.ownerId, null, tx);
  const secret = await makeReviewLink(planted.id, planted.ownerId, tx);
  await publish(tx, planted.id);
  const ids = { ownerId: planted.ownerId, teamId: planted.teamId, methodId: planted.methodId };
  return {
    ...planted,
    secret,
    owner,
    methodName,
    teamName,
    name: `Anonymous entry ${anonymousNumber}`,
    words: { ...words, ...ids },
  };
}

async function publish(tx: Tx, id: string): Promise<void> {
  await tx
    .update(submissions)
    .set({ visibility: 'published', publishedAt: new Date(), wasPublished: true, shown: true })
    .where(eq(submissions.id, id));
}

/** Takes it out again; what the audit log says of it stays. */
export async function uproot(tx: Tx, { id, methodId, teamId, ownerId }: Planted): Promise<void> {
  await tx.delete(submissions).where(eq(submissions.id, id));
  await tx.delete(methods).where(eq(methods.id, methodId));
  await tx.delete(teams).where(eq(teams.id, teamId));
  await tx.delete(users).where(eq(users.id, ownerId));
}

/** The names of the words that stand in a text, in any case and however they are escaped in addresses. */
export function canariesIn(text: string, { words }: Planted): string[] {
  const plain = text.toLowerCase();
  return Object.entries(words)
    .filter(([, word]) => plain.includes(word.toLowerCase()))
    .map(([name]) => name);
}
