import { route } from '#app/_server/http.ts';
import { placesOf } from '#app/_server/places.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listTaskRules } from '#db/quota/task-settings.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';

/** List the tasks with their slots, quota and size limits, so that clients can check before uploading. */
export const GET = route({}, async ({ viewer }) => {
  const [datasets, rules, places] = await Promise.all([listDatasets(), listTaskRules(), placesOf(viewer)]);
  return {
    tasks: listOpenTasks().map(({ id, name, summary, slots, slotsAreDatasets, groundTruth, least, also }) => {
      const own = datasets.filter(({ task }) => task === groundTruth);
      return {
        id,
        name,
        description: summary,
        // slots that are data sets are named by them
        slots: slotsAreDatasets ? own.map((dataset) => dataset.name) : slots.map((slot) => slot.id),
        required: slots.filter((slot) => slot.required).map((slot) => slot.id),
        least: least ?? slots.length,
        ...(also && { also }),
        open: rules[id].open,
        closedReason: rules[id].closedReason,
        quota: rules[id].quota,
        limits: { bytes: rules[id].maxBytes },
        ...(viewer && { places: places[id] ?? [] }),
        dataset: own[0]?.name ?? null, // real before demo, newest first
        datasets: own.map((dataset) => {
          const { name, images, sha256, demo, part } = dataset;
          return { name, images, objects: objectsTold(dataset), sha256, demo, ...(part && { part }) };
        }),
      };
    }),
    limits: LIMITS,
  };
});
