import { route } from '#app/_server/http.ts';
import { listDatasets } from '#db/datasets.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { OPEN_TASKS } from '#lib/scoring/tasks.ts';

/** What can be submitted, and the limits, so that nobody learns them by failing. */
export const GET = route({}, async () => {
  const datasets = await listDatasets();
  return {
    tasks: OPEN_TASKS.map(({ id, name, summary, slots, groundTruth, least, also }) => {
      const own = datasets.filter(({ task }) => task === groundTruth);
      return {
        id,
        name,
        description: summary,
        // slots that are data sets are named by them
        slots: slots.length > 0 ? slots.map((slot) => slot.id) : own.map((dataset) => dataset.name),
        required: slots.filter((slot) => slot.required).map((slot) => slot.id),
        least: least ?? slots.length,
        ...(also && { also }),
        dataset: own[0]?.name ?? null, // real before demo, newest first
        datasets: own.map(({ name, images, objects, sha256, demo }) => ({ name, images, objects, sha256, demo })),
      };
    }),
    limits: LIMITS,
  };
});
