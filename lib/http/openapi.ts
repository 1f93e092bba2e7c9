/** The OpenAPI description, generated from the schemas that parse and type the requests. */
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import { LIMITS } from '#lib/readers/limits.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import {
  boardRowSchema,
  createdSchema,
  imageListSchema,
  leaderboardQuerySchema,
  leaderboardSchema,
  newSubmissionSchema,
  problemDetailsSchema,
  queueSchema,
  receiptSchema,
  submissionSchema,
  taskListSchema,
} from './api.ts';

interface OptionalHeader {
  optional: string;
}

interface Operation {
  method: 'get' | 'post' | 'patch' | 'head' | 'delete' | 'options';
  path: string;
  summary: string;
  description?: string;
  /** `required`: a token or a session; `optional`: shows more with one; absent: the same for everybody */
  who?: 'required' | 'optional';
  /** scope that a token needs; absent: `read` for reading operations, `submit` for the others */
  scope?: 'read' | 'submit';
  query?: z.ZodObject;
  headers?: Record<string, string | OptionalHeader>;
  body?: z.ZodType | 'bytes';
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string; headers?: Record<string, string> }>;
  problems?: number[];
}

const TUS = { 'Tus-Resumable': 'always 1.0.0' };

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/uploads',
    summary: 'Begin a resumable upload (tus 1.0)',
    description: `Any tus client works. At most ${LIMITS.bytes.toLocaleString('en')} bytes. In Upload-Metadata, “filename” names the file, “sha256” (hexadecimal) has the server compare what arrived, and “task” has it refuse at once what that task would not take (for ground truth “purpose”, ground-truth or counts, in its place); Upload-Checksum does the same for a piece.`,
    who: 'required',
    headers: {
      ...TUS,
      'Upload-Length': 'size of the file in bytes',
      'Upload-Metadata': { optional: 'filename, sha256, task and purpose, each with its value in base64' },
    },
    answers: { 201: { description: 'Created', headers: { Location: 'the address of the upload' } } },
    problems: [400, 401, 403, 413, 422, 429],
  },
  {
    method: 'options',
    path: '/api/uploads',
    summary: 'What the upload server can do, and its limit (Tus-Max-Size)',
    answers: { 204: { description: 'See the headers' } },
  },
  {
    method: 'head',
    path: '/api/uploads/{id}',
    summary: 'How much has arrived',
    who: 'required',
    scope: 'submit',
    headers: TUS,
    answers: { 200: { description: 'Known', headers: { 'Upload-Offset': 'bytes', 'Upload-Length': 'bytes' } } },
    problems: [401, 404, 410],
  },
  {
    method: 'patch',
    path: '/api/uploads/{id}',
    summary: 'Send the next piece',
    description: 'A file of a kind that no reader could read is refused with 415 after its first bytes, and discarded.',
    who: 'required',
    headers: {
      ...TUS,
      'Upload-Offset': 'where this piece begins',
      'Upload-Checksum': { optional: 'sha256 and the digest of this piece in base64; optional' },
    },
    body: 'bytes',
    answers: { 204: { description: 'Taken', headers: { 'Upload-Offset': 'bytes' } } },
    problems: [401, 404, 409, 410, 415, 422, 460],
  },
  {
    method: 'delete',
    path: '/api/uploads/{id}',
    summary: 'Discard an upload',
    who: 'required',
    headers: TUS,
    answers: { 204: { description: 'Gone' } },
    problems: [401, 404],
  },
  {
    method: 'post',
    path: '/api/v1/submissions',
    summary: 'Submit uploaded files for scoring',
    description:
      'Visibility “pending” (or “published”) asks to publish the entry; a maintainer decides. With “anonymous” it is public without who made it, until “anonymousUntil” or until its owner reveals it. 403: the task is closed. 429: the quota is used up; “used”, “limit” and “nextSlotAt” (UTC) say how it stands.',
    who: 'required',
    body: newSubmissionSchema,
    answers: { 201: { description: 'Queued', schema: createdSchema } },
    problems: [400, 401, 403, 409, 413, 429],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}',
    summary: 'State, queue position, progress, problems and, when scored, the reports',
    description: 'Entries that are not public are seen by their owner and by maintainers; to others they do not exist.',
    who: 'optional',
    answers: { 200: { description: 'The submission', schema: submissionSchema } },
    problems: [401, 404],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/events',
    summary: 'The same as server-sent events, until nothing more will happen',
    who: 'optional',
    answers: { 200: { description: 'Events named “submission”, then “end”', type: 'text/event-stream' } },
    problems: [401, 404],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/receipt',
    summary: 'The score with everything needed to compute it again',
    who: 'optional',
    answers: { 200: { description: 'The receipt', schema: receiptSchema } },
    problems: [401, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/leaderboards/{task}',
    summary: 'The leaderboard as shown, as JSON, CSV or BibTeX',
    query: leaderboardQuerySchema,
    answers: { 200: { description: 'The rows', schema: leaderboardSchema } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/entries/{id}/badge.svg',
    summary: 'A badge for a README: task, headline number and rank of a published entry',
    answers: { 200: { description: 'The badge', type: 'image/svg+xml' } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/feed.xml',
    summary: 'Atom feed of the entries that were published last',
    answers: { 200: { description: 'The feed', type: 'application/atom+xml' } },
  },
  {
    method: 'get',
    path: '/api/v1/tasks',
    summary: 'What can be submitted, on which data sets, whether and how often, and the limits',
    description: 'With a token, each task also says where you and your teams stand with its quota.',
    who: 'optional',
    answers: { 200: { description: 'The tasks', schema: taskListSchema } },
  },
  {
    method: 'get',
    path: '/api/v1/datasets/{name}/images',
    summary: 'Ids, names and sizes of a data set’s images; never annotations',
    description:
      'What “livecell validate --images” takes, bare or as it is. Of a series of counts the ids are file names, and no sizes are known.',
    answers: { 200: { description: 'The images', schema: imageListSchema } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/api/v1/queue',
    summary: 'What is being scored and what waits: position, attempts, estimates, and why it waits',
    description: 'With a token, your own submissions are named; for maintainers all of them are.',
    who: 'optional',
    answers: { 200: { description: 'The queue', schema: queueSchema } },
  },
  {
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'OpenAPI 3.1' } },
  },
  {
    method: 'get',
    path: '/api/health',
    summary: 'The process is alive',
    answers: { 200: { description: 'Alive', schema: z.object({ status: z.literal('ok') }) } },
  },
  {
    method: 'get',
    path: '/api/ready',
    summary: 'Database, storage and queue can be reached',
    answers: { 200: { description: 'Ready' }, 503: { description: 'Not ready, and which is not' } },
  },
  {
    method: 'get',
    path: '/api/metrics',
    summary: 'Prometheus text',
    answers: { 200: { description: 'The metrics', type: 'text/plain' } },
  },
];

/** Schemas with names of their own: bodies refer to them under `components` instead of repeating them. */
const SCHEMAS = {
  Problem: problemDetailsSchema,
  Created: createdSchema,
  Submission: submissionSchema,
  Report: reportSchema,
  Receipt: receiptSchema,
  Leaderboard: leaderboardSchema,
  LeaderboardRow: boardRowSchema,
  TaskList: taskListSchema,
  ImageList: imageListSchema,
  Queue: queueSchema,
  NewSubmission: newSubmissionSchema,
};
for (const [id, schema] of Object.entries(SCHEMAS)) z.globalRegistry.add(schema, { ...schema.meta(), id });

export function openApi(server: string, version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= {};
    paths[operation.path][operation.method] = operationObject(operation);
  }
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'LIVECell benchmark',
        version,
        description:
          'Upload predictions, submit them, read scores and leaderboards. Fractions are from 0 to 1; null where there is nothing to average.',
      },
      servers: [{ url: server }],
      paths,
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API token, made on the account page. Its scope `read` is for GET, `submit` for uploads and all that changes something; each operation names the one it needs.',
          },
          session: { type: 'apiKey', in: 'cookie', name: 'authjs.session-token' },
        },
      },
    },
    // a transformed value has no output schema; its input is described
    { allowEmptySchema: { transform: true, custom: true, date: true, any: true, unknown: true } },
  );
  return { ...document };
}

/** Return the scope that a token needs for an operation. */
function scopeOf({ method, scope }: Pick<Operation, 'method' | 'scope'>): 'read' | 'submit' {
  return scope ?? (method === 'get' || method === 'head' || method === 'options' ? 'read' : 'submit');
}

function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { path, summary, description, who, query, headers = {}, body, answers, problems = [] } = operation;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, z.string()]);
  const inHeader = Object.entries(headers).map(([name, header]) => [
    name,
    typeof header === 'string'
      ? z.string().meta({ param: { description: header } })
      : z
          .string()
          .optional()
          .meta({ param: { description: header.optional } }),
  ]);
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = responseObject(answer);
  for (const status of problems)
    responses[status] = {
      description: 'A problem, in words',
      content: { 'application/problem+json': { schema: problemDetailsSchema } },
    };
  return {
    summary,
    description,
    security: who && [{ token: [scopeOf(operation)] }, { session: [] }, ...(who === 'optional' ? [{}] : [])],
    requestParams: {
      path: z.object(Object.fromEntries(inPath)),
      ...(query && { query }),
      header: z.object(Object.fromEntries(inHeader)),
    },
    requestBody: body && {
      required: true,
      content:
        body === 'bytes'
          ? { 'application/offset+octet-stream': { schema: { type: 'string', format: 'binary' } } }
          : { 'application/json': { schema: body } },
    },
    responses: responses as ZodOpenApiOperationObject['responses'],
  };
}

function responseObject({
  description,
  schema,
  type,
  headers,
}: Operation['answers'][number]): ZodOpenApiResponseObject {
  const content = {
    ...(schema && { 'application/json': { schema } }),
    ...(type && { [type]: { schema: { type: 'string' as const } } }),
  };
  return {
    description,
    headers:
      headers &&
      Object.fromEntries(
        Object.entries(headers).map(([name, says]) => [
          name,
          { description: says, schema: { type: 'string' as const } },
        ]),
      ),
    content: Object.keys(content).length > 0 ? content : undefined,
  };
}
