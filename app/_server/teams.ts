/** Who may do what with a team, for forms and for the API. */
import { AppError } from '#lib/errors.ts';
import { canManageTeam, canViewTeam, type Viewer } from '#lib/permissions.ts';

/** @throws AppError `not-found` to people outside the team, `forbidden` to its members that are not owners */
export function requireTeamOwner(viewer: Viewer, teamId: string): asserts viewer is NonNullable<Viewer> {
  if (canManageTeam(viewer, teamId)) return;
  if (!canViewTeam(viewer, teamId)) throw new AppError('not-found', 'There is no such team, or you are not in it.');
  throw new AppError('forbidden', 'Only an owner of the team can do this.');
}
