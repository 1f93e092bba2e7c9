'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { mustManageGroundTruth } from '#app/_server/ground-truth.ts';
import { action, type FormState } from '#app/_server/http.ts';
import { addPublishedNumbers, removePublishedNumber } from '#db/datasets/ledger.ts';
import { quoteField } from '#lib/csv.ts';
import { checkLedger, LEDGER_COLUMNS, type LedgerProblem } from '#lib/published/ledger.ts';

const text = (most: number) => z.string().trim().max(most, `At most ${most} characters`).default('');
const LISTED = 50;

/** Add one number to the ledger. Its fields are checked as a table of one row. */
export const addNumber = action(
  z.object({
    ...{ method: text(1000), year: text(10), metric: text(1000), value: text(1000) },
    ...{ split: text(1000), protocol: text(2000), source: text(2000) },
  }),
  async ({ protocol, ...row }, who): Promise<FormState> => {
    mustManageGroundTruth(who);
    const fields: Record<string, string> = { ...row, 'protocol note': protocol };
    const line = LEDGER_COLUMNS.map((column) => quoteField(fields[column])).join(',');
    const { rows, problems } = checkLedger(`${LEDGER_COLUMNS.join(',')}\n${line}`);
    const values = { ...row, protocol };
    if (problems.length > 0)
      return {
        values,
        message: 'Some fields need attention.',
        errors: Object.fromEntries(
          problems.map(({ column, message }) => [
            column === 'protocol note' ? 'protocol' : (column ?? 'method'),
            message,
          ]),
        ),
      };
    const { added, duplicates } = await addPublishedNumbers(rows, { actorId: who.id, by: 'form' });
    if (added === 0)
      return { values, message: `Nothing was added: ${duplicates[0]?.message ?? 'it is there already'}.` };
    revalidatePath('/', 'layout');
    return { done: true, message: 'Added to the ledger.' };
  },
);

/** Add a table of numbers: all of it, or nothing if a line is wrong. What is there already is told and left out. */
export const addTable = action(
  z.object({ csv: z.string().trim().min(1, 'Choose a file or paste a table.') }),
  async ({ csv }, who): Promise<FormState> => {
    mustManageGroundTruth(who);
    const { rows, problems } = checkLedger(csv);
    if (problems.length > 0)
      return {
        values: { csv },
        message: `Nothing was added: ${problems.length === 1 ? 'one thing has' : `${problems.length} things have`} to be mended.`,
        lines: listed(problems.map(inWords)),
      };
    const { added, duplicates } = await addPublishedNumbers(rows, { actorId: who.id, by: 'csv' });
    if (added > 0) revalidatePath('/', 'layout');
    const left =
      duplicates.length > 0
        ? ` ${duplicates.length} ${duplicates.length === 1 ? 'was' : 'were'} there already and left out:`
        : '';
    return {
      done: true,
      message: `${added} of ${rows.length} numbers added.${left}`,
      lines: listed(duplicates.map(({ line, message }) => `Line ${line}: ${message}.`)),
    };
  },
);

export const removeNumber = action(
  z.object({ id: z.string(), reason: z.string().trim().min(3, 'Say why.').max(500, 'At most 500 characters') }),
  async ({ id, reason }, who) => {
    mustManageGroundTruth(who);
    await removePublishedNumber(id, { actorId: who.id, reason });
    revalidatePath('/', 'layout');
    return { done: true };
  },
);

function inWords({ line, column, message }: LedgerProblem): string {
  return `Line ${line}${column ? `, ${column}` : ''}: ${message}`;
}

function listed(lines: string[]): string[] {
  return lines.length > LISTED ? [...lines.slice(0, LISTED), `and ${lines.length - LISTED} more`] : lines;
}
