/** The result of a submission: its numbers, the problems of its file, or why it could not be scored. */
import Link from 'next/link';
import { HelpLink } from '#app/_components/help-link.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { getReports } from '#db/board/reports.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { integer } from '#lib/format.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { type Column, type ColumnNumber, columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { roundedInWords } from '#lib/tasks/disclosure.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { datasetsOf } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';

export function Outcome({ submission }: { submission: SubmissionDetail }) {
  const task = parseTask(submission.task);
  if (submission.state === 'scored' && task) return <Scores task={task} submission={submission} />;
  if (submission.state === 'rejected')
    return (
      <section className="section stack" aria-labelledby="problems">
        <h2 id="problems">What is wrong with the file</h2>
        <Problems problems={submission.problems ?? []} />
        <p>
          <Link className="button button-primary" href={`/submit?from=${submission.id}`}>
            Submit a fixed file
          </Link>{' '}
          What you said about the method is kept.
        </p>
        <Warnings warnings={submission.warnings ?? []} />
      </section>
    );
  if ((submission.state === 'queued' || submission.state === 'scoring') && submission.failure)
    return (
      <section className="section stack">
        <div className="alert" data-kind="bad">
          <p>{submission.failure}</p>
          <p>
            This is our fault and not that of your file, which keeps its place in the queue. It is tried again by
            itself, an hour apart at most, for three days. The maintainers have been told.
          </p>
        </div>
      </section>
    );
  if (submission.state === 'failed')
    return (
      <section className="section stack">
        <div className="alert" data-kind="bad">
          <p>{submission.failure}</p>
          <p>
            It was tried {submission.attempts === 1 ? 'once' : `${submission.attempts} times`}. The maintainers can see
            this; you can also <Link href={`/submit?from=${submission.id}`}>submit again</Link>.
          </p>
        </div>
      </section>
    );
  return null;
}

/** One protocol and evaluation, with the numbers of the columns in their order. */
interface View {
  protocol: ProtocolId;
  evaluation: Evaluation;
  numbers: ColumnNumber[];
}

/** The numbers of the task's board, or a selection of them, under every protocol. */
async function Scores({ task, submission }: { task: Task; submission: SubmissionDetail }) {
  const reports = await getReports(submission.id);
  const { protocols, evaluations } = task.kind;
  const { summarized } = task;
  const columns = task.columns.filter(({ key }) => !summarized || summarized.includes(key));
  const viewsOf = (dataset: string): View[] =>
    protocols.flatMap((protocol) => {
      const results = reports[protocol]?.results;
      if (!results) return [];
      return evaluations.map((evaluation) => ({
        protocol,
        evaluation,
        numbers: columns.map((column) => columnNumber(column, results, { protocol, evaluation, dataset })),
      }));
    });
  const primary = reports[PRIMARY_PROTOCOL];
  const datasets = primary ? datasetsOf(primary, submission.dataset.name) : [];
  const Table = summarized ? TableByView : TableByMeasure;
  return (
    <section className="section stack" aria-labelledby="results">
      <h2 id="results">Results</h2>
      {datasets.map((dataset) => {
        const name = datasets.length > 1 ? dataset : null;
        return (
          <TableFrame key={dataset} label={name ? `Table of results, ${name}` : 'Table of results'}>
            <Table task={task} columns={columns} views={viewsOf(dataset)} dataset={name} />
          </TableFrame>
        );
      })}
      {submission.dataset.part && <p className="hint">{partInWords(submission.dataset.part)}</p>}
      {primary?.disclosure === 'unpublished' && <p className="hint">{roundedInWords(primary.runsBefore ?? 0)}</p>}
      <p className="cluster">
        <Link className="button button-primary" href={`/entries/${submission.id}`}>
          All numbers and charts
        </Link>
        <a href={`/api/v1/submissions/${submission.id}/receipt`}>Receipt (JSON)</a>
      </p>
      <Warnings warnings={submission.warnings ?? []} />
    </section>
  );
}

interface TableProps {
  task: Task;
  columns: readonly Column[];
  views: readonly View[];
  /** the data set's name, if each has its own table */
  dataset: string | null;
}

const words = (evaluation: Evaluation) => (evaluation === 'segm' ? 'masks' : 'boxes');

/** One row per protocol and evaluation: a few numbers, labelled as on the board. */
function TableByView({ columns, views }: TableProps) {
  return (
    <table>
      <caption>All cell types together, in per cent. Higher AP and lower AFNR are better.</caption>
      <thead>
        <tr>
          <th scope="col">Protocol</th>
          <th scope="col">Of</th>
          {columns.map(({ key, label }) => (
            <th key={key} scope="col" className="num">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {views
          .filter(({ numbers }) => numbers.some((number) => number !== undefined))
          .map(({ protocol, evaluation, numbers }) => (
            <tr key={protocol + evaluation}>
              <th scope="row">{PROTOCOLS[protocol].name}</th>
              <td>{words(evaluation)}</td>
              {columns.map((column, i) => (
                <td key={column.key} className="num" data-metric={column.key}>
                  {formatNumber(column, numbers[i])}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  );
}

/** One row per existing number; the headline always. */
function TableByMeasure({ task, columns, views, dataset }: TableProps) {
  return (
    <table>
      <caption>{dataset && `${dataset}. `}AP and AFNR in per cent.</caption>
      <thead>
        <tr>
          <th scope="col">Measure</th>
          {views.map(({ protocol, evaluation }) => (
            <th key={protocol + evaluation} scope="col" className="num">
              {task.kind.evaluated ? `${PROTOCOLS[protocol].name}, ${words(evaluation)}` : 'Counts'}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {columns.map((column, i) => {
          const numbers = views.map((view) => view.numbers[i]);
          if (column.key !== task.headline && numbers.every((number) => typeof number !== 'number')) return null;
          return (
            <tr key={column.key}>
              <th scope="row" title={column.title}>
                {columnName(column)}
              </th>
              {views.map(({ protocol, evaluation }, v) => (
                <td key={protocol + evaluation} className="num" data-metric={column.key}>
                  {formatNumber(column, numbers[v])}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Problems({ problems }: { problems: Problem[] }) {
  const shown = problems.slice(0, 200);
  const more = problems.slice(200).length + problems.reduce((sum, problem) => sum + (problem.more ?? 0), 0);
  return (
    <>
      <TableFrame label="Problems in the file">
        <table>
          <caption className="visually-hidden">Problems in the file</caption>
          <thead>
            <tr>
              <th scope="col" className="num">
                Record
              </th>
              <th scope="col">Image</th>
              <th scope="col">What is wrong, and how to mend it</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((problem, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
              <tr key={i}>
                <td className="num">{problem.record === undefined ? '' : integer(problem.record)}</td>
                <td>{problem.image}</td>
                <td>
                  {problem.message} <HelpLink code={problem.code} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {more > 0 && <p className="hint">and {integer(more)} more of these kinds.</p>}
    </>
  );
}

function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <div className="alert" data-kind="warn">
      <p>Worth a look:</p>
      <ul>
        {warnings.map(({ code, message, examples }) => (
          <li key={code}>
            {message}
            {examples?.length ? ` For example ${examples.slice(0, 3).join(', ')}.` : ''} <HelpLink code={code} />
          </li>
        ))}
      </ul>
    </div>
  );
}
