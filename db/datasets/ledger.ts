/** The ledger of published numbers: those that ship, read once per process, and those that maintainers added. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asc, eq } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type PublishedNumber, publishedNumbers } from '#db/schema.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';
import { AppError } from '#lib/errors.ts';
import {
  describeNumber,
  findDuplicates,
  type LedgerInput,
  type LedgerRow,
  numberKey,
  readLedger,
} from '#lib/published/ledger.ts';

let shipped: Promise<LedgerRow[]> | undefined;

function listShipped(): Promise<LedgerRow[]> {
  shipped ??= readShipped().then(readLedger);
  return shipped;
}

function readShipped(): Promise<string> {
  return readFile(join(process.cwd(), 'db', 'datasets', 'published-2023-2026.csv'), 'utf8');
}

/** Return the numbers that maintainers added, the oldest first. */
export async function listAddedNumbers(tx: Tx = db()): Promise<PublishedNumber[]> {
  return tx.select().from(publishedNumbers).orderBy(asc(publishedNumbers.createdAt), asc(publishedNumbers.id));
}

/** Return the whole ledger. */
export async function listPublishedNumbers(tx: Tx = db()): Promise<LedgerRow[]> {
  const [first, added] = await Promise.all([listShipped(), listAddedNumbers(tx)]);
  return [...first, ...added.map(({ id: _, key: __, createdBy: ___, createdAt: ____, ...row }) => describeNumber(row))];
}

/** Return the whole ledger as a table. */
export async function readPublishedNumbers(tx: Tx = db()): Promise<string> {
  const [text, added] = await Promise.all([readShipped(), listAddedNumbers(tx)]);
  const lines = added.map(({ method, year, metric, value, split, protocol, source }) =>
    [method, year, metric, value, split, protocol, source].map((field) =>
      quoteField(typeof field === 'string' ? guardFormula(field) : field),
    ),
  );
  return [text.trimEnd(), ...lines.map((fields) => fields.join(','))].map((line) => `${line}\n`).join('');
}

/**
 * Add numbers to the ledger; those that it has already are told and left out.
 *
 * @param rows with their lines in the table, 1 for a form
 */
export async function addPublishedNumbers(
  rows: readonly (LedgerInput & { line: number })[],
  { actorId, by }: { actorId: string; by: 'form' | 'csv' },
  tx: Tx = db(),
): Promise<{ added: number; duplicates: { line: number; message: string }[] }> {
  return tx.transaction(async (tx) => {
    const { fresh, duplicates } = findDuplicates(rows, await listPublishedNumbers(tx));
    const values = fresh.map(({ line: _, ...row }) => ({ ...row, key: keyOf(row), createdBy: actorId }));
    // somebody else may have added the same one meanwhile
    const added =
      values.length === 0 ? [] : await tx.insert(publishedNumbers).values(values).onConflictDoNothing().returning();
    if (added.length > 0)
      await recordEvent(
        actorId,
        {
          kind: 'published-numbers-added',
          by,
          numbers: added.length,
          methods: [...new Set(added.map(({ method }) => method))],
        },
        tx,
      );
    return { added: added.length, duplicates };
  });
}

/** Remove a number that a maintainer added. @throws AppError `not-found` */
export async function removePublishedNumber(
  id: string,
  { actorId, reason }: { actorId: string; reason: string },
  tx: Tx = db(),
): Promise<void> {
  await tx.transaction(async (tx) => {
    const [gone] = await tx.delete(publishedNumbers).where(eq(publishedNumbers.id, id)).returning();
    if (!gone) throw new AppError('not-found', 'This number is no longer in the ledger, or it ships with the site.');
    const { method, metric, value, source } = gone;
    await recordEvent(actorId, { kind: 'published-number-removed', method, metric, value, source, reason }, tx);
  });
}

function keyOf(row: LedgerInput): string {
  return createHash('sha256').update(numberKey(row)).digest('hex');
}
