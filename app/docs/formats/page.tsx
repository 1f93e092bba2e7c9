import type { Metadata } from 'next';
import Link from 'next/link';
import { integer } from '#lib/format.ts';
import { LIMITS_IN_WORDS } from '#lib/readers/limits.ts';
import { type FileFormat, formatsOf } from '#lib/tasks/guide.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { MOST_TIMES } from '#lib/vocabulary.ts';
import '#app/tasks/tasks.css';

export const metadata: Metadata = {
  title: 'File formats',
  description: 'Every kind of file that the tasks accept, with an example, and the limits.',
};

interface Accepted extends FileFormat {
  tasks: { id: string; name: string }[];
}

/** Every format once, with the tasks that accept it; the archive of a task differs by its slots. */
function listFormats(): Accepted[] {
  const formats = new Map<string, Accepted>();
  for (const task of listOpenTasks())
    for (const format of formatsOf(task)) {
      const key = format.archive ? format.name : `${format.name} ${format.text}`;
      const known = formats.get(key) ?? { ...format, tasks: [] };
      known.tasks.push({ id: task.id, name: task.name });
      formats.set(key, known);
    }
  return [...formats.values()];
}

export default function FormatsPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>File formats</h1>
        <p className="lead">
          What can be submitted, and to which task. <Link href="/check">Check a file</Link> before you send it: that
          happens in your browser.
        </p>
      </header>
      <section className="section first" aria-labelledby="formats">
        <h2 id="formats">Formats</h2>
        <div className="task-formats">
          {listFormats().map(({ name, text, example, tasks }) => (
            <div key={`${name} ${text}`}>
              <h3>{name}</h3>
              <p>{text}</p>
              <pre title={`Example: ${name}`}>
                <code>{example.trimEnd()}</code>
              </pre>
              <p className="muted">
                For{' '}
                {tasks.map(({ id, name }, i) => (
                  <span key={id}>
                    {i > 0 && ', '}
                    <Link href={`/tasks/${id}`}>{name}</Link>
                  </span>
                ))}
                .
              </p>
            </div>
          ))}
        </div>
      </section>
      <section className="section prose" aria-labelledby="times">
        <h2 id="times">Times per image</h2>
        <p>
          A submission to LIVECell-wide may say how long each image took. The paper found that time grows with the cells
          of an image; the entry then shows time against cells, the slope of the line in milliseconds per 100 cells, and
          its intercept.
        </p>
        <pre title="Example: times">
          <code>{'image,seconds\nA172_Phase_C7_1_00d00h00m_1.tif,0.412\nA172_Phase_C7_1_00d00h00m_2.tif,0.397'}</code>
        </pre>
        <ul>
          <li>
            A line for every image, named as in the data set; folders and endings do not matter. A file that is listed
            twice has one line.
          </li>
          <li>
            Seconds above 0 with a decimal point, of the model and what turns its output into masks, without reading the
            image from disk. Commas, semicolons or tabs separate the columns.
          </li>
          <li>
            What it was measured on has to be stated. The numbers are the submitter’s; nobody measures them here, and
            they rank nothing.
          </li>
          <li>
            Cells are those annotated where the ground truth is public, else the entry’s own detections at its score
            threshold.
          </li>
          <li>
            In the form under “Time per image”; <code>times</code> with <code>hardware</code> and <code>csv</code> in
            the <Link href="/docs/api">API</Link>; <code>livecell submit --times FILE --hardware TEXT</code>. At most{' '}
            {integer(MOST_TIMES)} characters.
          </li>
        </ul>
      </section>
      <section className="section prose" aria-labelledby="limits">
        <h2 id="limits">Limits</h2>
        <p>A file beyond one of these is refused with the number of its record, before anything is scored:</p>
        <ul>
          {LIMITS_IN_WORDS.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
        <p>
          <Link href="/docs/tools">Outputs of common tools</Link> become such files in a few lines, or by{' '}
          <code>livecell convert</code>. <Link href="/docs/problems">Problems and warnings</Link> lists what can be
          wrong with a file, with the remedy.
        </p>
      </section>
    </div>
  );
}
