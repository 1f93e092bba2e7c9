import { Segments } from '#app/_components/choice-links.tsx';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

/** From board to board, while there is more than one. */
export function TaskLinks({ current }: { current: Task }) {
  if (listOpenTasks().length < 2) return null;
  return (
    <Segments
      label="Task"
      items={listOpenTasks().map((task) => ({
        label: task.name,
        href: `/leaderboards/${task.id}`,
        current: task === current,
        title: task.summary,
      }))}
    />
  );
}
