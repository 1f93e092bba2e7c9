/** Turns documents from outside into a `Report`, always validated by the schema of its task. */
import { z } from 'zod';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { metricsSchema, reportEnvelopeSchema } from '#lib/scoring/report.ts';
import { evaluationUncertaintyShape, meanSchema } from '#lib/scoring/uncertainty-schema.ts';
import { listTasks, parseTask } from './index.ts';
import type { Report } from './report.ts';
import type { SchemaParts } from './schema-parts.ts';
import type { Task } from './task.ts';

const PARTS: SchemaParts = {
  z,
  metrics: metricsSchema,
  mean: meanSchema,
  uncertainty: evaluationUncertaintyShape,
  cellType: z.enum(CELL_TYPES),
  evaluations: (results) => z.object({ segm: results.optional(), bbox: results }),
};

/** Return the schema of `results` in a task's reports. */
export function resultsSchemaOf<Results>(task: Task<Results>): z.ZodType<Results> {
  return task.schema(PARTS);
}

const schemaOf = (task: Task) =>
  z.object({ ...reportEnvelopeSchema.shape, task: z.literal(task.id), results: resultsSchemaOf(task) });

const schemas = new Map<string, ReturnType<typeof schemaOf>>();

/** Tell whether this is a complete report of an existing task. */
export function isReport(document: unknown): document is Report {
  if (typeof document !== 'object' || document === null || !('task' in document)) return false;
  const task = typeof document.task === 'string' ? parseTask(document.task) : null;
  if (!task) return false;
  const schema = schemas.get(task.id) ?? schemaOf(task);
  schemas.set(task.id, schema);
  return schema.safeParse(document).success;
}

const [first, ...others] = listTasks().map(schemaOf);

/**
 * The schema of every report, for documents described or parsed as a whole. The compiler cannot see that the tasks'
 * schemas, taken from their list, are the members of `Report`.
 */
export const reportSchema = z.discriminatedUnion('task', [first, ...others]) as unknown as z.ZodType<Report>;

/** Return a report as it may be shown if its ground truth is not registered as public. */
export function withoutGroundTruth(report: Report): Report {
  return withoutKeptOnServer(withoutReferenceCounts(report));
}

/**
 * Return a report as it is stored if its ground truth is not registered as public: reference counts are ground truth,
 * so a count report loses its points. Numbers computed from them stay.
 */
export function withoutReferenceCounts(report: Report): Report {
  const results = parseTask(report.task)?.withoutGroundTruth?.(report.results);
  return results === undefined ? report : checked({ ...report, results });
}

/**
 * Return a report without fields, replicates, families and outcomes; the same report if it has none. They contain numbers of few
 * images, from which annotations could be guessed; boards compute with them.
 */
function withoutKeptOnServer(report: Report): Report {
  const { families, outcomes, ...shown } = report;
  const results = parseTask(report.task)?.withoutReplicates?.(report.results) ?? report.results;
  if (!families && !outcomes && results === report.results) return report;
  // less of results that were valid is valid: the members that are left out are optional
  return { ...shown, results } as Report;
}

function checked(shown: object): Report {
  const left: unknown = shown;
  if (!isReport(left)) throw new Error('What is left of a report without its ground truth is no report.');
  return left;
}
