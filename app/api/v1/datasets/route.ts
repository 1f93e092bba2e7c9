import { mustManageGroundTruth, sendIn } from '#app/_server/ground-truth.ts';
import { route } from '#app/_server/http.ts';
import { datasetLine } from '#db/board/dataset-body.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { AppError } from '#lib/errors.ts';
import { newDatasetSchema } from '#lib/http/people-api.ts';
import { groundTruthTask } from '#lib/tasks/index.ts';

export const GET = route({}, async () => ({ datasets: (await listDatasets()).map(datasetLine) }));

/**
 * Register uploaded ground truth as a new data set. It is not public: publishing and replacing it take a fresh sign-in,
 * which a token cannot show.
 */
export const POST = route(
  {
    body: newDatasetSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
    scope: 'moderate',
    limit: 'api-writes',
  },
  async ({ request, body: { task, uploads, category, ...about }, viewer }) => {
    mustManageGroundTruth(viewer);
    if (!request.headers.has('authorization'))
      throw new AppError('forbidden', 'In a browser, register ground truth on the page Maintain, Ground truth.');
    const { id, name, state } = await sendIn(
      viewer,
      { ...about, task: groundTruthTask(task), public: false },
      uploads,
      category,
    );
    return Response.json({ id, name, state }, { status: 202, headers: { location: '/api/v1/imports' } });
  },
);
