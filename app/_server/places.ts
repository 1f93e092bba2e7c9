/** The viewer's quota: their own, and that of each of their teams. */
import { listPlaces } from '#db/quota/ledger.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import type { Viewer } from '#lib/permissions.ts';
import { parseHolder, type QuotaHolder, teamHolder, userHolder } from '#lib/quota.ts';

/** Return the holders of quota that a person may use: the person, then the person's teams. */
export function holdersOf(viewer: NonNullable<Viewer>): QuotaHolder[] {
  return [userHolder(viewer.id), ...viewer.teams.map(({ id }) => teamHolder(id))];
}

/** Return places by task, the viewer's own first; empty without a sign-in. */
export async function placesOf(viewer: Viewer): Promise<Record<string, PlacesBody[]>> {
  const found: Record<string, PlacesBody[]> = {};
  if (!viewer) return found;
  for (const { holder, task, limit, charged, reserved, left, nextSlotAt } of await listPlaces(holdersOf(viewer))) {
    const named = parseHolder(holder);
    const team = named?.kind === 'team' ? named.id : null;
    const places = { team, limit, charged, reserved, left, nextSlotAt: nextSlotAt?.toISOString() ?? null };
    found[task] = [...(found[task] ?? []), places];
  }
  return found;
}
