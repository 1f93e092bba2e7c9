import { Segments } from '#app/_components/choice-links.tsx';
import { OPEN_TASKS, type Task } from '#lib/tasks/index.ts';

/** From board to board, while there is more than one. */
export function TaskLinks({ current }: { current: Task }) {
  if (OPEN_TASKS.length < 2) return null;
  return (
    <Segments
      label="Task"
      items={OPEN_TASKS.map((task) => ({
        label: task.name,
        href: `/leaderboards/${task.id}`,
        current: task === current,
        title: task.summary,
      }))}
    />
  );
}
