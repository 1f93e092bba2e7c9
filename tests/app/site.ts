/** A database and a data folder for tests of `app/_server`, and people with API tokens. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { viewerOf } from '#app/_server/viewer.ts';
import { closeDb } from '#db/engine/client.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser, getUser } from '#db/people/users.ts';
import type { Viewer } from '#lib/permissions.ts';
import type { Role } from '#lib/vocabulary.ts';
import { type Engine, ONE_ENGINE, type TestDatabase, temporaryFolder } from '#tests/db/databases.ts';

/** `engine`: the faster one unless a test names another. `quota`: most tests submit more often than a person may; 0 is no limit. */
export function openSite({ engine = ONE_ENGINE[0], quota = 0 }: { engine?: Engine; quota?: number } = {}): void {
  const folder = temporaryFolder();
  let database: TestDatabase;
  beforeAll(async () => {
    database = await engine.open();
    process.env.DATABASE_URL = database.url;
    process.env.LIVECELL_DATA = folder;
    process.env.LIVECELL_QUOTA = String(quota);
  });
  afterAll(async () => {
    await closeDb();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

export interface Person {
  id: string;
  bearer: { authorization: string };
}

export async function person(name: string, role?: Role): Promise<Person> {
  const { id } = await ensureUser({ email: `${name}@example.org`, name, role });
  return { id, bearer: { authorization: `Bearer ${(await createToken(id, 'test')).token}` } };
}

/** As the rules see this person now. */
export async function viewerNamed(who: Pick<Person, 'id'>): Promise<NonNullable<Viewer>> {
  return viewerOf((await getUser(who.id))!);
}
