/** Where whoever is asking stands with the quota: in their own name, and for each team they are in. */
import { listPlaces } from '#db/quota/ledger.ts';
import type { PlacesBody } from '#lib/http/api.ts';
import type { Viewer } from '#lib/permissions.ts';

/** Who holds places in the ledger: a person, then the person's teams. */
export function holdersOf(viewer: NonNullable<Viewer>): string[] {
  return [`user:${viewer.id}`, ...viewer.teams.map(({ id }) => `team:${id}`)];
}

/** By task, one's own places first; empty for a stranger. */
export async function placesOf(viewer: Viewer): Promise<Record<string, PlacesBody[]>> {
  const found: Record<string, PlacesBody[]> = {};
  if (!viewer) return found;
  for (const { holder, task, limit, charged, reserved, left, nextSlotAt } of await listPlaces(holdersOf(viewer))) {
    const team = holder.startsWith('team:') ? holder.slice('team:'.length) : null;
    const places = { team, limit, charged, reserved, left, nextSlotAt: nextSlotAt?.toISOString() ?? null };
    found[task] = [...(found[task] ?? []), places];
  }
  return found;
}
