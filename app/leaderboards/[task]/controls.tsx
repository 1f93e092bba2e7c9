/** The choices above a board, each a link to another view of it. */
import { Segments } from '#app/_components/choice-links.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { TaskLinks } from '#app/_components/tasks/task-links.tsx';
import { LEVEL_WORDS, LEVELS } from '#lib/board/trust-level.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type BoardView, groupsAmong, viewHref } from './view.ts';

interface Props {
  view: BoardView;
  /** names of the data sets that have a board */
  datasets: readonly string[];
  /** the data set shown */
  shown: string | undefined;
}

export function Controls({ view, datasets, shown }: Props) {
  const { task, groups, level } = view;
  const { kind, typeBoards } = task;
  return (
    <div className="controls">
      <TaskLinks current={task} />
      {kind.evaluated && (
        <>
          <Segments
            label="Evaluation"
            items={kind.evaluations.map((evaluation) => ({
              label: EVALUATION_NAMES[evaluation],
              href: viewHref(view, { evaluation }),
              current: evaluation === view.evaluation,
            }))}
          />
          <Segments
            label="Protocol"
            items={kind.protocols.map((protocol) => ({
              label: PROTOCOL_LABELS[protocol],
              href: viewHref(view, { protocol }),
              current: protocol === view.protocol,
              title: PROTOCOLS[protocol].description,
            }))}
          />
        </>
      )}
      {typeBoards && (
        <Segments
          label="Cell type"
          items={[null, ...CELL_TYPES].map((cellType) => ({
            label: cellType ? CELL_TYPE_NAMES[cellType] : typeBoards.all,
            href: viewHref(view, { cellType }),
            current: cellType === view.cellType,
            title: cellType ? typeBoards.titles?.one(CELL_TYPE_NAMES[cellType]) : typeBoards.titles?.all,
          }))}
        />
      )}
      {task.groups && (
        <Segments
          label="Columns"
          toggles
          items={task.groups.map(({ id, name }) => ({
            label: name,
            href: viewHref(view, {
              groups: groupsAmong(task, groups.includes(id) ? groups.filter((other) => other !== id) : [...groups, id]),
            }),
            current: groups.includes(id),
          }))}
        />
      )}
      <Segments
        label="Level"
        items={LEVELS.map((one) => ({
          label: one === 'scored' ? 'All' : LEVEL_WORDS[one].name,
          href: viewHref(view, { level: one === 'scored' ? null : one, entries: [] }),
          current: one === (level ?? 'scored'),
          title: LEVEL_WORDS[one].text,
        }))}
      />
      {datasets.length > 1 && (
        <Segments
          label="Data set"
          items={datasets.map((name) => ({
            label: name,
            href: viewHref(view, { dataset: name, entries: [] }),
            current: name === shown,
          }))}
        />
      )}
    </div>
  );
}
