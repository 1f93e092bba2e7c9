import { redirect } from 'next/navigation';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';

export default function LeaderboardsPage() {
  redirect(`/leaderboards/${DEFAULT_TASK.id}`);
}
