/** Choices of the submit form: the tasks with their slots, data sets and rules. */
import { placesOf } from '#app/_server/places.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listMemberships } from '#db/people/teams.ts';
import { listTaskRules } from '#db/quota/task-settings.ts';
import { integer } from '#lib/format.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import type { Viewer } from '#lib/permissions.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import type { TaskChoice } from './submit-form.tsx';

/** Tasks that have ground truth, each with its current data set first. */
export async function listTaskChoices(who: Viewer): Promise<TaskChoice[]> {
  const [datasets, rules, places, teams] = await Promise.all([
    listDatasets(),
    listTaskRules(),
    placesOf(who),
    who ? listMemberships(who.id) : [],
  ]);
  const named = (found: PlacesBody[] = []) =>
    found.map((place) => ({ ...place, name: teams.find(({ id }) => id === place.team)?.name ?? null }));
  return listOpenTasks()
    .map(({ id, name, kind, slots, slotsAreDatasets, least, also, groundTruth, timed = false }) => {
      const own = datasets
        .filter(({ task }) => task === groundTruth)
        .map(({ name, images, demo, ...dataset }) => ({
          name,
          demo,
          label: `${name}: ${integer(images)} images, ${integer(objectsTold(dataset))} ${kind.objects}${demo ? ' (synthetic demo)' : ''}`,
        }));
      const outside = slotsAreDatasets === true;
      return {
        id,
        name,
        takesThreshold: kind.takesThreshold,
        purpose: kind.filesAre,
        memberEnding: kind.memberEnding,
        timed,
        outside,
        least: least ?? slots.length,
        datasets: own,
        slots: outside
          ? own.map(({ name, label }) => ({ id: name, label: `Predictions for ${label}` }))
          : slots.map(({ id, label }) => ({ id, label })),
        rules: { ...rules[id], places: named(places[id]) },
        also: (also ?? [])
          .filter((other) => rules[other].open)
          .map((other) => ({ id: other, name: parseTask(other)?.name ?? other })),
      };
    })
    .filter(({ datasets }) => datasets.length > 0);
}
