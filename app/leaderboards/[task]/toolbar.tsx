/** The choices above a board in one line, each a link to another view of it. Menus are closed, and need no script. */
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Segments } from '#app/_components/choice-links.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import type { SliceValues } from '#lib/board/slices.ts';
import { LEVEL_WORDS, LEVELS } from '#lib/board/trust-level.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { EXPOSURE_LABELS, EXPOSURE_NAMES, EXPOSURES } from '#lib/vocabulary.ts';
import { SliceChoices, sliceChosen } from './slice-filter.tsx';
import { type BoardView, groupsAmong, isSliced, viewHref, viewParams } from './view.ts';

/** From board to board. */
export function TaskTabs({ current }: { current: Task }) {
  return (
    <nav className="tabs" aria-label="Task">
      <ul>
        {listOpenTasks().map((task) => (
          <li key={task.id}>
            <Link
              href={`/leaderboards/${task.id}`}
              aria-current={task === current ? 'page' : undefined}
              title={task.summary}
            >
              {task.name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface Props {
  view: BoardView;
  /** names of the data sets that have a board */
  datasets: readonly string[];
  /** the data set shown */
  shown: string | undefined;
  /** of tasks that have slices */
  values: SliceValues | null;
  truthIsPublic: boolean;
}

export function Toolbar({ view, datasets, shown, values, truthIsPublic }: Props) {
  const { task, groups, level, exposure, search } = view;
  const { kind, typeBoards } = task;
  const filters = Number(level !== null) + Number(exposure !== null) + Number(search !== '');
  return (
    <div className="toolbar">
      {kind.evaluated && (
        <Segments
          label="Evaluation"
          items={kind.evaluations.map((evaluation) => ({
            label: EVALUATION_NAMES[evaluation],
            href: viewHref(view, { evaluation }),
            current: evaluation === view.evaluation,
          }))}
        />
      )}
      {typeBoards && (
        <Menu name="Cell type" chosen={view.cellType ? CELL_TYPE_NAMES[view.cellType] : typeBoards.all}>
          <Segments
            label="Cell type"
            items={[null, ...CELL_TYPES].map((cellType) => ({
              label: cellType ? CELL_TYPE_NAMES[cellType] : typeBoards.all,
              href: viewHref(view, { cellType }),
              current: cellType === view.cellType,
              title: cellType ? typeBoards.titles?.one(CELL_TYPE_NAMES[cellType]) : typeBoards.titles?.all,
            }))}
          />
        </Menu>
      )}
      {kind.evaluated && (
        <Menu name="Protocol" chosen={PROTOCOL_LABELS[view.protocol]}>
          <Segments
            label="Protocol"
            items={kind.protocols.map((protocol) => ({
              label: PROTOCOL_LABELS[protocol],
              href: viewHref(view, { protocol }),
              current: protocol === view.protocol,
              title: PROTOCOLS[protocol].description,
            }))}
          />
        </Menu>
      )}
      {datasets.length > 1 && (
        <Menu name="Data set" chosen={shown ?? ''}>
          <Segments
            label="Data set"
            items={datasets.map((name) => ({
              label: name,
              href: viewHref(view, { dataset: name, entries: [] }),
              current: name === shown,
            }))}
          />
        </Menu>
      )}
      {values && values.day.length + values.density.length > 0 && (
        <Menu name="Slice" chosen={sliceChosen(view, values, truthIsPublic)}>
          <SliceChoices view={view} values={values} truthIsPublic={truthIsPublic} />
        </Menu>
      )}
      {task.groups && !isSliced(view) && (
        <Menu name="Columns">
          <Segments
            label="Columns"
            toggles
            items={task.groups.map(({ id, name }) => ({
              label: name,
              href: viewHref(view, {
                groups: groupsAmong(
                  task,
                  groups.includes(id) ? groups.filter((other) => other !== id) : [...groups, id],
                ),
              }),
              current: groups.includes(id),
            }))}
          />
        </Menu>
      )}
      <Menu name="Filter" chosen={filters > 0 ? String(filters) : undefined}>
        <Segments
          label="Level"
          items={LEVELS.map((one) => ({
            label: one === 'scored' ? 'All' : LEVEL_WORDS[one].name,
            href: viewHref(view, { level: one === 'scored' ? null : one, entries: [] }),
            current: one === (level ?? 'scored'),
            title: LEVEL_WORDS[one].text,
          }))}
        />
        <Segments
          label="Had seen of LIVECell"
          items={[null, ...EXPOSURES].map((one) => ({
            label: one === null ? 'Any' : EXPOSURE_LABELS[one],
            href: viewHref(view, { exposure: one, entries: [] }),
            current: one === exposure,
            title: one === null ? 'Entries whatever their submitters declare' : EXPOSURE_NAMES[one],
          }))}
        />
        <form method="get" action={`/leaderboards/${task.id}`} className="search">
          <HiddenParams view={view} except={['q', 'page', 'rows']} />
          <label>
            Method <input type="search" name="q" defaultValue={search} key={search} />
          </label>
          <button type="submit" className="button-small">
            Search
          </button>
        </form>
      </Menu>
      {task.families && shown && (
        <Link
          className="other-view"
          href={`/leaderboards/${task.id}/slices${view.dataset ? `?dataset=${encodeURIComponent(view.dataset)}` : ''}`}
          title="Which method is best on cells like yours"
        >
          By cell type, day, density and size
        </Link>
      )}
    </div>
  );
}

/** The parameters of a view, for forms that change one of them. */
export function HiddenParams({ view, except }: { view: BoardView; except: readonly string[] }) {
  return viewParams(view)
    .filter(([key]) => !except.includes(key))
    .map(([key, value]) => <input key={key} type="hidden" name={key} value={value} />);
}

function Menu({ name, chosen, children }: { name: string; chosen?: string; children: ReactNode }) {
  return (
    // another choice closes the menu; one of several columns leaves it open
    <details className="menu" name="board-menu" key={chosen}>
      <summary>
        <span className="menu-name">{name}</span>
        {chosen !== undefined && <b>{chosen}</b>}
      </summary>
      <div className="menu-body">{children}</div>
    </details>
  );
}
