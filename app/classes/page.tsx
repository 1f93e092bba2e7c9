import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { listClasses } from '#db/people/classes.ts';
import { parseTask } from '#lib/tasks/index.ts';

export const metadata: Metadata = { title: 'My classes', robots: { index: false } };

interface Props {
  searchParams: Promise<{ code?: string | string[] }>;
}

export default async function MyClassesPage({ searchParams }: Props) {
  const [code] = [(await searchParams).code ?? []].flat();
  if (code?.trim()) redirect(`/classes/join/${encodeURIComponent(code.trim())}`);
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/classes');
  const classes = await listClasses({ memberId: who.id });
  return (
    <div className="page">
      <header className="page-head">
        <h1>My classes</h1>
        <p className="lead">
          A class is the private board of a course or a workshop. Its members see each other’s best scores.
        </p>
      </header>
      {classes.length === 0 ? (
        <p>You are in no class.</p>
      ) : (
        <ul>
          {classes.map(({ id, name, task, dataset }) => (
            <li key={id}>
              <Link href={`/classes/${id}`}>{name}</Link>, {parseTask(task)?.name ?? task} on {dataset}
            </li>
          ))}
        </ul>
      )}
      <section className="section" aria-labelledby="join">
        <h2 id="join">Join a class</h2>
        <form method="get" className="inline cluster">
          <label htmlFor="code">Code</label>
          <input id="code" name="code" required maxLength={100} autoComplete="off" placeholder="ABCD-EFGH-2345" />
          <button type="submit">Go on</button>
        </form>
      </section>
    </div>
  );
}
