'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { mustManageGroundTruth, sendIn } from '#app/_server/ground-truth.ts';
import { action, type FormState, InvalidFields } from '#app/_server/http.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { cancelRescore, retryRescore, switchWithout } from '#db/rescore/decide.ts';
import { MAX_NOTE, setDatasetPublic } from '#db/rescore/ground-truth.ts';
import { MAX_REASON, startRescore } from '#db/rescore/start.ts';
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
  }),
  async ({ name, task, licence, source, protocol, split, note, category, public: isPublic, ...fields }, who) => {
    mustManageGroundTruth(who);
    await sendIn(
      who,
      { name, task: groundTruthTask(task), licence, source, protocol, split, note, public: isPublic },
      uploadsOf(fields),
      category,
    );
    return done(`“${name}” is being read; the result appears below.`);
  },
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
);

export const setPublic = action(
  z.object({ id: z.string(), public: z.enum(['yes', 'no']).transform((value) => value === 'yes') }),
  async ({ id, public: isPublic }, who) => {
    mustManageGroundTruth(who);
    await setDatasetPublic(id, isPublic, who.id);
    return done(isPublic ? 'Public now.' : 'Not public any more.');
  },
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
