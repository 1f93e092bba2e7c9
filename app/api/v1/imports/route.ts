import { mustManageGroundTruth } from '#app/_server/ground-truth.ts';
import { route } from '#app/_server/http.ts';
import { listImports } from '#db/rescore/ground-truth.ts';

/** What became of ground truth that was sent in, for maintainers. */
export const GET = route(
  { signIn: 'Send an API token: Authorization: Bearer <token>.', scope: 'moderate' },
  async ({ viewer }) => {
    mustManageGroundTruth(viewer);
    return {
      imports: (await listImports()).map(
        ({ id, name, task, state, problems, warnings, failure, createdAt, finishedAt }) => ({
          ...{ id, name, task, state, failure },
          problems: problems ?? [],
          warnings: warnings ?? [],
          createdAt: createdAt.toISOString(),
          finishedAt: finishedAt?.toISOString() ?? null,
        }),
      ),
    };
  },
);
