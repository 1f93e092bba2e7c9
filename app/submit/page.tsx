import type { Metadata } from 'next';
import Link from 'next/link';
import { viewer } from '#app/_server/http.ts';
import { placesOf } from '#app/_server/places.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listMemberships } from '#db/people/teams.ts';
import { listTaskRules } from '#db/quota/task-settings.ts';
import { listMethods } from '#db/submissions/methods.ts';
import { integer } from '#lib/format.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import type { Viewer } from '#lib/permissions.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import { earlier } from './earlier.ts';
import { SubmitForm } from './submit-form.tsx';

export const metadata: Metadata = { title: 'Submit' };

interface Props {
  /** `from`: a submission to send again; `task`: which task to begin with */
  searchParams: Promise<{ from?: string | string[]; task?: string | string[] }>;
}

export default async function SubmitPage({ searchParams }: Props) {
  const { from, task } = await searchParams;
  const who = await viewer();
  const tasks = await choices(who);
  const [teams, methods] = who
    ? await Promise.all([
        listMemberships(who.id),
        listMethods(
          who.id,
          who.teams.map(({ id }) => id),
        ),
      ])
    : [[], []];
  return (
    <div className="page">
      <header className="page-head">
        <h1>Submit predictions</h1>
        <p className="lead">
          Files of predictions go in, exact scores come out, usually within a minute; the{' '}
          <Link href="/queue">queue</Link> shows what waits. Nothing is public until you ask for it and a maintainer
          agrees.
        </p>
      </header>
      {!who ? (
        <p className="alert">
          <Link href={`/sign-in?returnTo=${encodeURIComponent('/submit')}`}>Sign in</Link> to submit. Checking a file
          with the command line needs no account: <code>livecell validate</code>.
        </p>
      ) : tasks.length === 0 ? (
        <p className="alert" data-kind="warn">
          This installation has no ground truth yet. A maintainer registers it with{' '}
          <code>livecell import-ground-truth</code>.
        </p>
      ) : (
        <SubmitForm
          tasks={tasks}
          teams={teams.map(({ id, name }) => ({ id, name }))}
          methods={methods.map(({ name, teamId }) => ({ name, team: teamId ?? '' }))}
          typed={(await earlier(who, from)) ?? tasks.flatMap(({ id }) => (id === task ? { task: id } : []))[0]}
        />
      )}
    </div>
  );
}

/** Tasks that have ground truth, each with its current data set first. */
async function choices(who: Viewer) {
  const [datasets, rules, places, teams] = await Promise.all([
    listDatasets(),
    listTaskRules(),
    placesOf(who),
    who ? listMemberships(who.id) : [],
  ]);
  const named = (found: PlacesBody[] = []) =>
    found.map((place) => ({ ...place, name: teams.find(({ id }) => id === place.team)?.name ?? null }));
  return listOpenTasks()
    .map(({ id, name, kind, slots, slotsAreDatasets, least, also, groundTruth }) => {
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
