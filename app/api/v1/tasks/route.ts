import { route } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { OPEN_TASKS } from '#lib/scoring/tasks.ts';

/** What can be submitted, and the limits, so that nobody learns them by failing. */
export const GET = route({}, async () => {
  const datasets = await listDatasets();
  return {
    tasks: OPEN_TASKS.map(({ id, name, summary, slots }) => {
      const own = datasets.filter(({ task }) => task === id);
      return {
        id,
        name,
        description: summary,
        slots: slots.map((slot) => slot.id),
        dataset: own[0]?.name ?? null, // real before demo, newest first
        datasets: own.map(({ name, images, objects, sha256, demo }) => ({ name, images, objects, sha256, demo })),
      };
    }),
    limits: LIMITS,
  };
});
