/** A task's settings: whether it is open, the largest file and the quota. A task without a row has the defaults. */
import { eq } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type TaskSettings, taskSettings } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { bytes as inBytes } from '#lib/format.ts';
import type { QuotaRule } from '#lib/quota.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';

/** The rules of a task: a maintainer's settings, completed by the site's defaults. */
interface TaskRules {
  open: boolean;
  /** why it is closed; public */
  closedReason: string | null;
  quota: QuotaRule;
  /** the largest uploaded file, in bytes */
  maxBytes: number;
}

/** Settings that a maintainer can change. Null means the site's default, a quota of 0 no limit. */
export type NewTaskSettings = Pick<TaskSettings, 'open' | 'closedReason' | 'quota' | 'quotaDays' | 'maxBytes'>;

export function defaultQuota(): QuotaRule {
  const { LIVECELL_QUOTA, LIVECELL_QUOTA_DAYS } = env();
  return { limit: LIVECELL_QUOTA === 0 ? null : LIVECELL_QUOTA, days: LIVECELL_QUOTA_DAYS };
}

function toRules(row: NewTaskSettings | undefined): TaskRules {
  const site = defaultQuota();
  const limit = row?.quota === 0 ? null : (row?.quota ?? site.limit);
  return {
    open: row?.open ?? true,
    closedReason: row?.open === false ? row.closedReason : null,
    quota: { limit, days: row?.quotaDays ?? site.days },
    maxBytes: Math.min(row?.maxBytes ?? LIMITS.bytes, LIMITS.bytes),
  };
}

export async function getTaskSettings(task: string, tx: Tx = db()): Promise<TaskSettings | null> {
  const [row] = await tx.select().from(taskSettings).where(eq(taskSettings.task, task));
  return row ?? null;
}

export async function getTaskRules(task: string, tx: Tx = db()): Promise<TaskRules> {
  return toRules((await getTaskSettings(task, tx)) ?? undefined);
}

/** Return the rules of every open task. */
export async function listTaskRules(tx: Tx = db()): Promise<Record<string, TaskRules>> {
  const rows = await tx.select().from(taskSettings);
  return Object.fromEntries(listOpenTasks().map(({ id }) => [id, toRules(rows.find(({ task }) => task === id))]));
}

/**
 * Save a task's settings and record what they were before.
 *
 * @throws AppError `invalid` for an unknown task, or a closed one without a reason
 */
export async function saveTaskSettings(
  task: string,
  input: NewTaskSettings,
  actorId: string | null,
  tx: Tx = db(),
): Promise<TaskRules> {
  if (!parseTask(task)?.open) throw new AppError('invalid', `There is no task “${task}”.`);
  const settings = { ...input, closedReason: input.open ? null : (input.closedReason?.trim() ?? '') };
  if (!settings.open && !settings.closedReason)
    throw new AppError('invalid', 'Closing a task needs a reason. Everybody who wants to submit reads it.');
  return tx.transaction(async (tx) => {
    const [row] = await tx.select().from(taskSettings).where(eq(taskSettings.task, task)).for('update');
    const values = { ...settings, updatedBy: actorId, updatedAt: new Date() };
    await tx
      .insert(taskSettings)
      .values({ task, ...values })
      .onConflictDoUpdate({ target: taskSettings.task, set: values });
    const [before, after] = [pickSettings(row), pickSettings(settings)];
    if (JSON.stringify(before) !== JSON.stringify(after))
      await recordEvent(actorId, { kind: 'task-settings-changed', task, before, after }, tx);
    return toRules(settings);
  });
}

function pickSettings(row: NewTaskSettings | undefined): NewTaskSettings {
  const { open = true, closedReason = null, quota = null, quotaDays = null, maxBytes = null } = row ?? {};
  return { open, closedReason, quota, quotaDays, maxBytes };
}

/**
 * Require that a task takes submissions. Checked before the first byte is uploaded, and again at submission.
 *
 * @throws AppError `closed`
 */
export function requireOpen(task: string, rules: TaskRules): void {
  if (rules.open) return;
  const name = parseTask(task)?.name ?? task;
  throw new AppError('closed', `${name} takes no submissions at the moment: ${rules.closedReason}`, {
    details: { task, open: false, closedReason: rules.closedReason },
  });
}

/**
 * Require that a file is not larger than the task allows.
 *
 * @throws AppError `too-large`
 */
export function requireSize(task: string, rules: TaskRules, bytes: number): void {
  if (bytes <= rules.maxBytes) return;
  const name = parseTask(task)?.name ?? task;
  throw new AppError(
    'too-large',
    `The file has ${inBytes(bytes)}; ${name} takes at most ${inBytes(rules.maxBytes)}. Gzip it, or leave out detections with very low scores.`,
    { details: { task, bytes, maxBytes: rules.maxBytes } },
  );
}
