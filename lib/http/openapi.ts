/** The OpenAPI description, generated from the schemas that parse and type the requests. */
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import { LIMITS } from '#lib/readers/limits.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import type { TokenScope } from '#lib/vocabulary.ts';
import {
  boardRowSchema,
  changedSchema,
  changeLogQuerySchema,
  changeLogSchema,
  chartQuerySchema,
  compareChartQuerySchema,
  compareQuerySchema,
  comparisonSchema,
  createdSchema,
  deviceCodeSchema,
  deviceLoginSchema,
  deviceTokenSchema,
  deviceWaitingSchema,
  entryCellsSchema,
  entryCellTableQuerySchema,
  entryImagesQuerySchema,
  entryImagesSchema,
  entryTableQuerySchema,
  errataSchema,
  imageListSchema,
  leaderboardQuerySchema,
  leaderboardSchema,
  meSchema,
  namedChartQuerySchema,
  newDeviceLoginSchema,
  newSubmissionSchema,
  oembedQuerySchema,
  oembedSchema,
  pageQuerySchema,
  problemDetailsSchema,
  publicationSchema,
  publishedKeysSchema,
  queueSchema,
  receiptSchema,
  sharingSchema,
  sliceBoardSchema,
  sliceQuerySchema,
  snapshotListQuerySchema,
  snapshotListSchema,
  snapshotQuerySchema,
  snapshotSchema,
  submissionListQuerySchema,
  submissionListSchema,
  submissionSchema,
  taskListSchema,
  truthCellsSchema,
  variantListSchema,
  withdrawalSchema,
} from './api.ts';
import {
  anonymityChangeSchema,
  datasetListSchema,
  datasetSchema,
  decisionSchema,
  importedSchema,
  importListSchema,
  inboxSchema,
  invitationListSchema,
  joinSchema,
  madeInvitationSchema,
  memberChangeSchema,
  methodChangeSchema,
  methodListSchema,
  methodSchema,
  newDatasetSchema,
  newTeamSchema,
  noticeListSchema,
  noticesReadSchema,
  problemReportSchema,
  reviewLinkSchema,
  teamListSchema,
  teamSchema,
} from './people-api.ts';

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
  scope?: TokenScope;
  query?: z.ZodObject;
  headers?: Record<string, string | OptionalHeader>;
  body?: z.ZodType | 'bytes';
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string; headers?: Record<string, string> }>;
  problems?: number[];
}

const LINK = { Link: 'the next page, as rel="next"; absent on the last' };
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
      'Visibility “pending” (or “published”) asks to publish the entry; a maintainer decides. With “anonymous” it is public without who made it, until “anonymousUntil” or until its owner reveals it. 403: the task is closed. 429: the quota is used up; “used”, “limit” and “nextSlotAt” (UTC) say how it stands. A call may be repeated when its answer was lost: the same uploads with the same details, or the same Idempotency-Key header (1 to 255 visible ASCII characters, remembered for 30 days), get the first answer, and nothing is created or charged twice. 409: the uploads or the key were used with other details; “submission” says for what.',
    who: 'required',
    body: newSubmissionSchema,
    answers: { 201: { description: 'Queued', schema: createdSchema } },
    problems: [400, 401, 403, 409, 413, 429],
  },
  {
    method: 'get',
    path: '/api/v1/submissions',
    summary: 'Your own submissions and those of your teams, the newest first',
    description: 'In pages: give “next” of one page as “after” of the following. The header Link says the same.',
    who: 'required',
    query: submissionListQuerySchema,
    answers: { 200: { description: 'A page of submissions', schema: submissionListSchema, headers: LINK } },
    problems: [400, 401, 403],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}',
    summary: 'State, queue position, progress, problems and, when scored, the reports',
    description: 'Entries that are not public are seen by their owner and by maintainers; to others they do not exist.',
    who: 'optional',
    answers: { 200: { description: 'The submission', schema: submissionSchema } },
    problems: [401, 404, 410],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/events',
    summary: 'The same as server-sent events, until nothing more will happen',
    who: 'optional',
    answers: { 200: { description: 'Events named “submission”, then “end”', type: 'text/event-stream' } },
    problems: [401, 404, 410],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/receipt',
    summary: 'The score with everything needed to compute it again',
    who: 'optional',
    answers: { 200: { description: 'The receipt', schema: receiptSchema } },
    problems: [401, 404, 409, 410],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/images',
    summary: 'What an entry did on each image, and its quality control; as JSON, CSV or Parquet',
    description: '409: the ground truth is not public, or nothing is stored of single images yet.',
    who: 'optional',
    query: entryImagesQuerySchema,
    answers: { 200: { description: 'The images', schema: entryImagesSchema } },
    problems: [401, 404, 409, 410],
  },
  {
    method: 'get',
    path: '/api/v1/datasets/{name}/cells/{image}',
    summary: 'The annotated cells of an image, by its number from 0; only of public ground truth',
    who: 'optional',
    answers: { 200: { description: 'The cells', schema: truthCellsSchema } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/api/v1/datasets/{name}/errata',
    summary: 'Label errors of public ground truth that maintainers confirmed',
    who: 'optional',
    answers: { 200: { description: 'The errata', schema: errataSchema } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/cells/{image}',
    summary: 'The cells that an entry predicts on an image, by its number from 0',
    description:
      'For the owner and maintainers; for everybody where the owner shows the cells of a published entry. What became of them is told where the annotations are public.',
    who: 'optional',
    answers: { 200: { description: 'The cells', schema: entryCellsSchema } },
    problems: [400, 401, 404],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/cells',
    summary: 'What became of every annotated cell, or of every detection, of an entry, as CSV or Parquet',
    description:
      'Where the annotations are public: for the owner and maintainers, and for everybody where the owner shows the cells of a published entry. Under the primary protocol; “error” is empty where nothing is wrong.',
    who: 'optional',
    query: entryCellTableQuerySchema,
    answers: { 200: { description: 'The table' } },
    problems: [400, 401, 404, 410],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/files/{slot}',
    summary: 'A prediction file as it was uploaded',
    description:
      'For the owner and maintainers; for everybody where the owner offers the files of a published entry that is not anonymous. The headers Repr-Digest and Link (rel="license") have its digest and licence.',
    who: 'optional',
    answers: { 200: { description: 'The file', type: 'application/octet-stream' } },
    problems: [401, 404],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/sharing',
    summary: 'Choose the licence of the predictions, and whether others see and download them',
    description: 'Replaces what was chosen before. Downloads need a licence.',
    who: 'required',
    body: sharingSchema,
    answers: { 200: { description: 'Changed', schema: changedSchema } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/anonymity',
    summary: 'Make an entry anonymous until a day or until you reveal it, or reveal it',
    description: 'Possible before it is published; an anonymous entry may be given another day at any time.',
    who: 'required',
    body: anonymityChangeSchema,
    answers: { 200: { description: 'Changed', schema: changedSchema } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/review-link',
    summary: 'Make the link for reviewers, in place of an earlier one',
    description: 'Whoever has the link sees the entry without its makers. Only this answer states it.',
    who: 'required',
    answers: { 201: { description: 'Made', schema: reviewLinkSchema } },
    problems: [401, 403, 404],
  },
  {
    method: 'delete',
    path: '/api/v1/submissions/{id}/review-link',
    summary: 'Revoke the link for reviewers',
    who: 'required',
    answers: { 204: { description: 'Revoked' } },
    problems: [401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/show',
    summary: 'Let the board show this version of its method',
    description: '403: it is not published, or it is shown already.',
    who: 'required',
    answers: { 200: { description: 'Shown', schema: changedSchema } },
    problems: [401, 403, 404, 409],
  },
  {
    method: 'delete',
    path: '/api/v1/submissions/{id}/files',
    summary: 'Delete the files of a scored submission; its scores stay',
    who: 'required',
    answers: { 204: { description: 'Gone' } },
    problems: [401, 403, 404],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/problems',
    summary: 'Report a problem with a public entry to the maintainers',
    who: 'required',
    body: problemReportSchema,
    answers: { 204: { description: 'Received' } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/publish',
    summary: 'Ask to publish a submission',
    description: 'Before or after it has a score. A maintainer decides.',
    who: 'required',
    body: publicationSchema,
    answers: { 200: { description: 'Asked', schema: changedSchema } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/unpublish',
    summary: 'Take an entry off the board, or a request to publish it back',
    who: 'required',
    answers: { 200: { description: 'Private again', schema: changedSchema } },
    problems: [401, 403, 404, 409],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/withdraw',
    summary: 'Withdraw a submission and delete its files',
    description: 'This cannot be undone. An entry that has been public leaves a page that says when and why it went.',
    who: 'required',
    body: withdrawalSchema,
    answers: { 200: { description: 'Withdrawn', schema: changedSchema } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/me',
    summary: 'Who the token belongs to, and their teams',
    who: 'required',
    answers: { 200: { description: 'You', schema: meSchema } },
    problems: [401, 403],
  },
  {
    method: 'post',
    path: '/api/v1/login',
    summary: 'Begin to sign a machine in, without a token',
    description:
      'Show the person “userCode” and “verificationUri”. They confirm there, signed in, that this is their machine. Codes are good for ten minutes and work once.',
    body: newDeviceLoginSchema,
    answers: { 201: { description: 'The codes', schema: deviceLoginSchema } },
    problems: [400, 429],
  },
  {
    method: 'post',
    path: '/api/v1/login/token',
    summary: 'Ask whether the person has confirmed, and get the token, once',
    body: deviceCodeSchema,
    answers: {
      200: { description: 'Confirmed: the token', schema: deviceTokenSchema },
      202: { description: 'Not yet: ask again after “interval” seconds', schema: deviceWaitingSchema },
    },
    problems: [400, 403, 404, 429],
  },
  {
    method: 'get',
    path: '/.well-known/livecell-keys.json',
    summary: 'The public keys that sign receipts, old ones included',
    answers: { 200: { description: 'The keys', schema: publishedKeysSchema } },
  },
  {
    method: 'get',
    path: '/api/v1/leaderboards/{task}',
    summary: 'The leaderboard as shown, as JSON, CSV, BibTeX, LaTeX or Parquet',
    query: leaderboardQuerySchema,
    answers: { 200: { description: 'The rows', schema: leaderboardSchema } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/api/v1/leaderboards/{task}/slices',
    summary: 'Entries ranked by a slice: cell type, day, density, object size',
    description:
      'Of livecell-wide, under the primary protocol. Give at most two of “type”, “day”, “density” and “size”. AP does not add over slices: each is accumulated by itself.',
    query: sliceQuerySchema,
    answers: { 200: { description: 'The rows', schema: sliceBoardSchema } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/api/v1/compare',
    summary: 'Two to six published entries side by side, with paired differences, as JSON or CSV',
    description:
      'Entries of LIVECell-wide on the same ground truth. 404: one is not public or was withdrawn. 409: they do not compare; “detail” says why.',
    query: compareQuerySchema,
    answers: { 200: { description: 'The comparison', schema: comparisonSchema } },
    problems: [400, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/methods',
    summary: 'Your own methods and those of your teams, by name',
    who: 'required',
    query: pageQuerySchema,
    answers: { 200: { description: 'A page of methods', schema: methodListSchema, headers: LINK } },
    problems: [400, 401, 403],
  },
  {
    method: 'get',
    path: '/api/v1/methods/{id}',
    summary: 'A method with its versions',
    description:
      'Strangers see methods and versions that are public under their names; owners and maintainers see all.',
    who: 'optional',
    answers: { 200: { description: 'The method', schema: methodSchema } },
    problems: [401, 404],
  },
  {
    method: 'patch',
    path: '/api/v1/methods/{id}',
    summary: 'Change what you state about a method',
    description: 'What is left out stays. A new name becomes the name of all its versions.',
    who: 'required',
    body: methodChangeSchema,
    answers: { 200: { description: 'As it is now', schema: methodSchema } },
    problems: [400, 401, 403, 404],
  },
  {
    method: 'get',
    path: '/api/v1/teams',
    summary: 'Your teams',
    who: 'required',
    answers: { 200: { description: 'The teams', schema: teamListSchema } },
    problems: [401, 403],
  },
  {
    method: 'post',
    path: '/api/v1/teams',
    summary: 'Make a team, with you as its owner',
    who: 'required',
    body: newTeamSchema,
    answers: { 201: { description: 'Made', schema: z.object({ id: z.string(), name: z.string() }) } },
    problems: [400, 401, 403, 409, 429],
  },
  {
    method: 'get',
    path: '/api/v1/teams/{id}',
    summary: 'A team with its members, to its members and to maintainers',
    who: 'required',
    answers: { 200: { description: 'The team', schema: teamSchema } },
    problems: [401, 403, 404],
  },
  {
    method: 'patch',
    path: '/api/v1/teams/{id}',
    summary: 'Rename a team of which you are an owner',
    who: 'required',
    body: newTeamSchema,
    answers: { 200: { description: 'Renamed', schema: z.object({ id: z.string(), name: z.string() }) } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'delete',
    path: '/api/v1/teams/{id}',
    summary: 'Delete a team that never had a submission and has no other member',
    who: 'required',
    answers: { 204: { description: 'Gone' } },
    problems: [401, 403, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/teams/{id}/invitations',
    summary: 'For owners of a team: its open invitations',
    who: 'required',
    answers: { 200: { description: 'The invitations', schema: invitationListSchema } },
    problems: [401, 403, 404],
  },
  {
    method: 'post',
    path: '/api/v1/teams/{id}/invitations',
    summary: 'For owners of a team: make an invitation; only this answer states its address',
    who: 'required',
    answers: { 201: { description: 'Made', schema: madeInvitationSchema } },
    problems: [401, 403, 404, 429],
  },
  {
    method: 'delete',
    path: '/api/v1/teams/{id}/invitations/{invitation}',
    summary: 'Revoke an invitation',
    who: 'required',
    answers: { 204: { description: 'Revoked' } },
    problems: [401, 403, 404],
  },
  {
    method: 'post',
    path: '/api/v1/teams/join',
    summary: 'Join the team of an invitation',
    who: 'required',
    body: joinSchema,
    answers: { 200: { description: 'The team’s id', schema: z.object({ id: z.string() }) } },
    problems: [400, 401, 403, 404],
  },
  {
    method: 'patch',
    path: '/api/v1/teams/{id}/members/{person}',
    summary: 'Make a member an owner, or an owner a member',
    who: 'required',
    body: memberChangeSchema,
    answers: { 204: { description: 'Changed' } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'delete',
    path: '/api/v1/teams/{id}/members/{person}',
    summary: 'Remove a member, or leave the team yourself',
    description: 'The team keeps what was submitted for it. 409: nobody would own it any more.',
    who: 'required',
    answers: { 204: { description: 'Gone' } },
    problems: [401, 403, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/notices',
    summary: 'What the site has told you, the newest first',
    who: 'required',
    answers: { 200: { description: 'The notices', schema: noticeListSchema } },
    problems: [401, 403],
  },
  {
    method: 'post',
    path: '/api/v1/notices',
    summary: 'Mark a notice, or “all”, as read',
    who: 'required',
    body: noticesReadSchema,
    answers: { 204: { description: 'Marked' } },
    problems: [400, 401, 403],
  },
  {
    method: 'post',
    path: '/api/v1/datasets',
    summary: 'For maintainers: register uploaded ground truth as a new data set, which is not public',
    description:
      'Upload with the purpose “ground-truth” or “counts” first. Publishing and replacing ground truth take a fresh sign-in in a browser, or the command line of the installation.',
    who: 'required',
    scope: 'moderate',
    body: newDatasetSchema,
    answers: { 202: { description: 'Being read; see /api/v1/imports', schema: importedSchema } },
    problems: [400, 401, 403, 409],
  },
  {
    method: 'get',
    path: '/api/v1/imports',
    summary: 'For maintainers: what became of ground truth that was sent in',
    who: 'required',
    scope: 'moderate',
    answers: { 200: { description: 'The imports', schema: importListSchema } },
    problems: [401, 403],
  },
  {
    method: 'get',
    path: '/api/v1/datasets',
    summary: 'The data sets: sizes, digests, licences, and whether annotations are public',
    answers: { 200: { description: 'The data sets', schema: datasetListSchema } },
  },
  {
    method: 'get',
    path: '/api/v1/datasets/{name}',
    summary: 'A data set with the versions of its ground truth and its statistics',
    answers: { 200: { description: 'The data set', schema: datasetSchema } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/api/v1/inbox',
    summary: 'For maintainers: what waits for a decision, the longest-waiting first',
    description: 'With a token of the scope “moderate”, which livecell token create --scope read,moderate makes.',
    who: 'required',
    scope: 'moderate',
    answers: { 200: { description: 'The cases', schema: inboxSchema } },
    problems: [401, 403],
  },
  {
    method: 'post',
    path: '/api/v1/submissions/{id}/decision',
    summary: 'For maintainers: decide about an entry',
    description:
      'approve, ask (back), decline, hide, restore, verify (as re-run) or revoke (that mark). The owner reads “text”; all but approve need it. 409: the entry’s state does not allow it (any more).',
    who: 'required',
    scope: 'moderate',
    body: decisionSchema,
    answers: { 200: { description: 'Decided', schema: changedSchema } },
    problems: [400, 401, 403, 404, 409],
  },
  {
    method: 'get',
    path: '/api/v1/snapshots',
    summary: 'Boards as they were on earlier days, the newest first',
    description: 'A snapshot is taken whenever the public form of a board changes. In pages, as other lists.',
    query: snapshotListQuerySchema,
    answers: { 200: { description: 'A page of snapshots', schema: snapshotListSchema, headers: LINK } },
    problems: [400],
  },
  {
    method: 'get',
    path: '/api/v1/snapshots/{id}',
    summary: 'A board as it was on a day, as JSON or CSV, with a citation',
    description:
      'Its rows never change. Names of entries that are deleted or hidden later are taken out; “redactions” says when and why.',
    query: snapshotQuerySchema,
    answers: { 200: { description: 'The snapshot', schema: snapshotSchema } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/api/v1/changes',
    summary: 'Every score that has been shown: old, new, and why it changed',
    query: changeLogQuerySchema,
    answers: { 200: { description: 'A page of the log, the newest first', schema: changeLogSchema, headers: LINK } },
    problems: [400],
  },
  {
    method: 'get',
    path: '/api/v1/submissions/{id}/table',
    summary: 'The row of a published entry as CSV, BibTeX, LaTeX, Parquet, or for .eval_results of Hugging Face',
    query: entryTableQuerySchema,
    answers: { 200: { description: 'The file' } },
    problems: [400, 404, 409, 410],
  },
  {
    method: 'get',
    path: '/charts/{task}',
    summary: 'A chart of published entries as SVG, PNG or CSV, with source and citation',
    query: chartQuerySchema,
    answers: { 200: { description: 'The chart' } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/datasets/{name}/charts',
    summary: 'A chart of a data set’s page as SVG, PNG or CSV, with source and citation',
    query: namedChartQuerySchema,
    answers: { 200: { description: 'The chart' } },
    problems: [400, 404],
  },
  {
    method: 'get',
    path: '/compare/charts',
    summary: 'A chart of a comparison as SVG, PNG or CSV, with source and citation',
    query: compareChartQuerySchema,
    answers: { 200: { description: 'The chart' } },
    problems: [400, 404, 409],
  },
  {
    method: 'get',
    path: '/oembed',
    summary: 'oEmbed 1.0: a board, an entry or a chart for pages elsewhere',
    query: oembedQuerySchema,
    answers: { 200: { description: 'How to embed it', schema: oembedSchema } },
    problems: [400, 404, 410],
  },
  {
    method: 'get',
    path: '/entries/{id}/badge.svg',
    summary: 'A badge for a README: task, headline number and rank of a published entry',
    answers: { 200: { description: 'The badge', type: 'image/svg+xml' } },
    problems: [404, 410],
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
    path: '/api/v1/datasets/{name}/ground-truth',
    summary: 'Ground truth that was registered as public, packed as scoring reads it',
    description:
      'For programs that score where they are, such as the page /check. Hidden ground truth is answered like none.',
    answers: { 200: { description: 'The packed ground truth', type: 'application/octet-stream' } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/api/v1/datasets/{name}/variants',
    summary: 'Truth variants of public ground truth as label images, with their digests',
    description:
      'With ?variant=flat-large or ?variant=flat-cellpose, the archive itself: a .zip of 16-bit PNG files. Hidden ground truth is answered like none.',
    answers: { 200: { description: 'The variants, or one as application/zip', schema: variantListSchema } },
    problems: [404],
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
  Comparison: comparisonSchema,
  SliceBoard: sliceBoardSchema,
  EntryImages: entryImagesSchema,
  TaskList: taskListSchema,
  ImageList: imageListSchema,
  Queue: queueSchema,
  NewSubmission: newSubmissionSchema,
  SubmissionList: submissionListSchema,
  SnapshotList: snapshotListSchema,
  Snapshot: snapshotSchema,
  MethodList: methodListSchema,
  Method: methodSchema,
  MethodChange: methodChangeSchema,
  TeamList: teamListSchema,
  Team: teamSchema,
  DatasetList: datasetListSchema,
  Dataset: datasetSchema,
  Inbox: inboxSchema,
  Decision: decisionSchema,
  ChangeLog: changeLogSchema,
  Changed: changedSchema,
  Me: meSchema,
  DeviceLogin: deviceLoginSchema,
  DeviceToken: deviceTokenSchema,
  PublishedKeys: publishedKeysSchema,
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
          'Upload predictions, submit them, read scores and leaderboards. Fractions are from 0 to 1; null where there is nothing to average. Everything under /api/v1 stays: fields are added, and what is to go is marked as deprecated here and by the headers Deprecation and Sunset (RFC 9745, RFC 8594) at least a year before. Answers to readers have ETags, may be read by scripts of any site, and say in RateLimit (and Retry-After) what is left.',
      },
      servers: [{ url: server }],
      paths,
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API token, made on the account page. Its scope `read` is for GET, `submit` for uploads and all that changes something, `moderate` for maintainers’ decisions; each operation names the one it needs.',
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
function scopeOf({ method, scope }: Pick<Operation, 'method' | 'scope'>): TokenScope {
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
