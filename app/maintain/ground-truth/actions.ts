'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { mustManageGroundTruth, sendIn } from '#app/_server/ground-truth.ts';
import { action, type FormState, InvalidFields } from '#app/_server/http.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { cancelRescore, retryRescore, switchWithout } from '#db/rescore/decide.ts';
import { createImport, MAX_NOTE, setDatasetPublic } from '#db/rescore/ground-truth.ts';
import { requireDivisible, requireDivisibleKind } from '#db/rescore/split.ts';
import { MAX_REASON, startRescore } from '#db/rescore/start.ts';
import { SPLIT_BY } from '#lib/datasets/part-list.ts';
import { AppError } from '#lib/errors.ts';
import { SPLITS } from '#lib/livecell/splits.ts';
import { storage } from '#lib/storage.ts';
import { groundTruthTask, parseTask } from '#lib/tasks/index.ts';

function done(message: string): FormState {
  revalidatePath('/', 'layout');
  return { done: true, message };
}

const ticked = z
  .string()
  .optional()
  .transform((value) => value !== undefined);
const text = (max: number) =>
  z
    .string()
    .trim()
    .max(max, `At most ${max.toLocaleString('en')} characters`)
    .default('');
const optionalText = text(500).transform((value) => value || null);
const privateShare = z.coerce.number().gt(0, 'Between 0 and 1').lt(1, 'Between 0 and 1');
const why = text(MAX_NOTE).pipe(z.string().min(1, 'Say what changed and why. The owners of entries read it.'));

/** `upload`, `upload.A172` …: the ids of uploads by slot. */
function uploadsOf(fields: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const slot = /^upload(?:\.(.+))?$/.exec(name);
      return slot && typeof value === 'string' ? [[slot[1] ?? '', value]] : [];
    }),
  );
}

export const registerGroundTruth = action(
  z.looseObject({
    name: text(100).pipe(z.string().min(1, 'What is it to be called on the site?')),
    task: z.string().refine((id) => parseTask(id) !== null, 'Choose a task'),
    licence: optionalText,
    source: optionalText,
    protocol: optionalText,
    split: z.union([z.literal('').transform(() => null), z.enum(SPLITS)]).default(null),
    note: text(MAX_NOTE),
    category: optionalText,
    public: ticked,
    by: z.union([z.literal('').transform(() => null), z.enum(SPLIT_BY)]).default(null),
    share: privateShare.default(0.5),
    until: z.union([z.literal(''), z.iso.date('A day')]).default(''),
  }),
  async (
    { name, task, licence, source, protocol, split, note, category, public: isPublic, by, share, until, ...fields },
    who,
  ) => {
    mustManageGroundTruth(who);
    const truthTask = groundTruthTask(task);
    if (by) {
      if (!until) throw new InvalidFields({ until: 'Say from which day on the private part is scored.' });
      requireDivisibleKind({ name, task: truthTask, public: isPublic }, new Date(until));
    }
    await sendIn(
      who,
      {
        ...{ name, task: truthTask, licence, source, protocol, split, note, public: isPublic },
        ...(by && { splitting: { by, share, until } }),
      },
      uploadsOf(fields),
      category,
    );
    return done(`“${name}” is being read; the result appears below.`);
  },
  { fresh: true },
);

export const sendReplacement = action(
  z.looseObject({ id: z.string(), note: why, category: optionalText, public: ticked }),
  async ({ id, note, category, public: isPublic, ...fields }, who) => {
    mustManageGroundTruth(who);
    const dataset = await getDataset(id);
    if (!dataset) throw new AppError('not-found', 'There is no such data set.');
    const { name, task, licence, source, protocol, split } = dataset;
    await sendIn(
      who,
      { datasetId: id, name, task, licence, source, protocol, split, note, public: isPublic },
      uploadsOf(fields),
      category,
    );
    return done('It is being read; then everything is scored again on it.');
  },
  { fresh: true },
);

export const setPublic = action(
  z.object({
    id: z.string(),
    public: z.enum(['yes', 'no']).transform((value) => value === 'yes'),
    reason: text(MAX_REASON).pipe(z.string().min(1, 'A reason is needed. It stands in the log.')),
  }),
  async ({ id, public: isPublic, reason }, who) => {
    mustManageGroundTruth(who);
    await setDatasetPublic(id, isPublic, { actorId: who.id, reason });
    return done(isPublic ? 'Public now.' : 'Not public any more.');
  },
  { fresh: true },
);

export const scoreAgain = action(
  z.object({
    id: z.string(),
    reason: text(MAX_REASON).pipe(z.string().min(1, 'A reason is needed. The owners of entries read it.')),
  }),
  async ({ id, reason }, who) => {
    mustManageGroundTruth(who);
    const begun = await startRescore({ datasetId: id, reason }, who.id);
    if (!begun)
      throw new InvalidFields({
        reason: 'Nothing to do: everything has a score of this evaluator on the ground truth as it is now.',
      });
    return done(begun.state === 'done' ? 'Done: nothing had to be computed.' : 'Everything is being scored again.');
  },
  { fresh: true },
);

/** The scoring process divides: this process opens no ground truth. */
export const divide = action(
  z.object({
    id: z.string(),
    by: z.enum(SPLIT_BY),
    share: privateShare,
    until: z.iso.date('A day'),
  }),
  async ({ id, ...splitting }, who) => {
    mustManageGroundTruth(who);
    const dataset = await getDataset(id);
    if (!dataset) throw new AppError('not-found', 'There is no such data set.');
    await requireDivisible(dataset, new Date(splitting.until));
    const { name, task } = dataset;
    await createImport({ datasetId: id, name, task, files: [], splitting, note: 'To be divided.' }, who.id);
    return done('It is being divided; then everything is scored again on the public part.');
  },
  { fresh: true },
);

/** Act on failed submissions: on all of them, or on one. */
export const tryFailedAgain = action(
  z.object({ id: z.string(), submission: z.string().optional() }),
  async ({ id, submission }, who) => {
    mustManageGroundTruth(who);
    await retryRescore(id, who.id, { submissionId: submission });
    return done('Tried again.');
  },
);

export const goOnWithout = action(z.object({ id: z.string() }), async ({ id }, who) => {
  mustManageGroundTruth(who);
  await switchWithout(id, who.id);
  return done('The board has switched.');
});

export const cancelScoringAgain = action(z.object({ id: z.string() }), async ({ id }, who) => {
  mustManageGroundTruth(who);
  const { packKey } = await cancelRescore(id, who.id);
  if (packKey !== null) await storage().delete(packKey);
  return done('Cancelled: everything is as it was.');
});
