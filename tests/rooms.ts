/**
 * The rooms of the code and which other rooms each of them may use, from the ground up: a room uses only rooms above it
 * in this table, so all arrows point one way and circles are impossible. The longest matching path prefix determines a
 * file's room. A room that ends in `.ts` is a single file; such a file of lib may be used by all rooms if it uses only
 * files of this kind. The list of checks, and the problems whose codes it gives, may be used by all as well. README's map
 * lists the same rooms.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  // no imports at all
  'lib/vocabulary.ts': [],
  'lib/log.ts': [],
  'lib/policies.ts': [],
  'lib/build.ts': [],
  'lib/checks': [],
  'lib/problems.ts': ['lib/checks'],
  'lib/format.ts': [],
  'lib/csv.ts': [],
  'lib/xml.ts': [],
  'lib/queue-estimate.ts': [],
  'lib/quota.ts': [],
  'lib/secrets.ts': [],
  'lib/livecell': [],
  'lib/receipts': [],
  'lib/stats': [],
  'lib/kernels': [],

  // the method
  'lib/coco': ['lib/kernels'],
  'lib/cells': ['lib/kernels', 'lib/coco'],
  'lib/scoring': ['lib/livecell', 'lib/stats', 'lib/kernels', 'lib/coco'],
  'lib/viewer': ['lib/kernels', 'lib/coco', 'lib/scoring'],

  // from files to columns
  'lib/readers': ['lib/livecell', 'lib/kernels', 'lib/coco'],
  'lib/convert': ['lib/livecell', 'lib/kernels', 'lib/coco', 'lib/readers'],
  'lib/datasets': ['lib/livecell', 'lib/cells', 'lib/stats', 'lib/coco', 'lib/readers', 'lib/scoring'],

  // presentation of results
  'lib/charts': ['lib/livecell', 'lib/stats', 'lib/coco', 'lib/scoring'],
  'lib/tasks': ['lib/livecell', 'lib/stats', 'lib/coco', 'lib/scoring', 'lib/charts'],
  'lib/published': ['lib/scoring'],
  'lib/local': ['lib/livecell', 'lib/coco', 'lib/readers', 'lib/scoring', 'lib/tasks'],
  'lib/board': ['lib/livecell', 'lib/stats', 'lib/coco', 'lib/scoring', 'lib/charts', 'lib/tasks'],
  'lib/http': ['lib/livecell', 'lib/coco', 'lib/scoring', 'lib/readers', 'lib/tasks', 'lib/board'],
  'lib/public-entry.ts': ['lib/scoring', 'lib/tasks', 'lib/board', 'lib/http'],
  'lib/tombstone.ts': [],
  'lib/snapshots.ts': ['lib/coco', 'lib/receipts', 'lib/public-entry.ts'],
  'lib/permissions.ts': ['lib/http', 'lib/public-entry.ts'],
  'lib/badge.ts': [],

  // the site around it
  'lib/errors.ts': [],
  'lib/names.ts': ['lib/errors.ts'],
  'lib/env.ts': ['lib/errors.ts', 'lib/log.ts'],
  'lib/device.ts': [],
  'lib/site-secret.ts': ['lib/env.ts'],
  'lib/draws.ts': ['lib/site-secret.ts', 'lib/tasks'],
  'lib/metrics.ts': ['lib/log.ts'],
  'lib/tracing.ts': ['lib/log.ts'],
  'lib/private-folder.ts': ['lib/errors.ts'],
  'lib/storage': ['lib/errors.ts'],
  'lib/storage.ts': ['lib/errors.ts', 'lib/env.ts', 'lib/storage'],
  'lib/receipt-keys.ts': ['lib/receipts', 'lib/errors.ts', 'lib/env.ts'],
  'lib/outcomes-file.ts': ['lib/scoring'],
  'lib/cells-file.ts': ['lib/viewer', 'lib/storage.ts'],
  'lib/audit.ts': ['lib/coco'],
  'lib/audit-export.ts': ['lib/audit.ts'],

  'db/schema.ts': ['lib'],
  'db/engine': ['lib', 'db/schema.ts'],
  'db/limits.ts': ['lib', 'db/schema.ts', 'db/engine'],
  'db/audit.ts': ['lib', 'db/schema.ts', 'db/engine'],
  'db/queue': ['lib', 'db/schema.ts', 'db/engine'],
  'db/board/values.ts': ['lib', 'db/schema.ts', 'db/engine'],
  'db/migrate.ts': ['lib', 'db/engine', 'db/queue', 'db/board/values.ts'],
  'db/storage-id.ts': ['lib', 'db/schema.ts', 'db/engine'],
  'db/start.ts': ['lib', 'db/engine', 'db/migrate.ts', 'db/storage-id.ts'],
  'db/backup': ['lib', 'db/engine', 'db/migrate.ts', 'db/storage-id.ts'],
  'db/notices': ['lib', 'db/schema.ts', 'db/engine', 'db/audit.ts'],
  'db/datasets': ['lib', 'db/schema.ts', 'db/engine', 'db/audit.ts'],
  'db/quota': ['lib', 'db/schema.ts', 'db/engine', 'db/audit.ts', 'db/notices'],
  'db/board/report-paths.ts': ['lib', 'db/schema.ts'],
  'db/submissions': [
    'lib',
    'db/board/report-paths.ts',
    'db/board/values.ts',
    'db/schema.ts',
    'db/engine',
    'db/audit.ts',
    'db/queue',
    'db/notices',
    'db/datasets',
    'db/quota',
  ],
  'db/operations': ['lib', 'db/schema.ts', 'db/engine', 'db/queue', 'db/migrate.ts', 'db/notices'],
  'db/people': ['lib', 'db/schema.ts', 'db/engine', 'db/audit.ts', 'db/notices', 'db/submissions'],
  'db/board': [
    'lib',
    'db/schema.ts',
    'db/engine',
    'db/board/report-paths.ts',
    'db/board/values.ts',
    'db/datasets',
    'db/submissions',
  ],
  'db/rescore': [
    'lib',
    'db/schema.ts',
    'db/engine',
    'db/audit.ts',
    'db/queue',
    'db/notices',
    'db/datasets',
    'db/submissions',
    'db/board',
  ],

  'workers/kernels.mjs': [],
  'workers/program.mjs': [],
  'workers/bundling.mjs': [],
  'workers/bundle.mjs': ['workers/bundling.mjs', 'workers/program.mjs'],
  'workers/run-file.ts': ['lib'],
  'workers/metrics-server.ts': ['lib', 'db'],
  'workers/mail.ts': ['lib', 'db'],
  'workers/export': ['lib', 'db'],
  'workers/scoring': [
    'lib',
    'db',
    'workers/export',
    'workers/mail.ts',
    'workers/metrics-server.ts',
    'workers/program.mjs',
  ],
  'workers/demo': ['lib', 'db', 'workers/scoring'],
  'workers/site': ['lib', 'db', 'workers/kernels.mjs', 'workers/metrics-server.ts', 'workers/run-file.ts'],
  'workers/cli': [
    'lib',
    'db',
    'workers/export',
    'workers/run-file.ts',
    'workers/scoring',
    'workers/demo',
    'workers/site',
  ],
  'workers/run.mjs': ['workers/program.mjs'],
  'workers/pack-cli.mjs': ['workers/bundling.mjs', 'workers/kernels.mjs'],
  'workers/livecell.mjs': ['workers/kernels.mjs', 'workers/program.mjs', 'workers/cli'],

  'app/_server': ['lib', 'db'],
  'app/_components': ['lib', 'db', 'app/_server'],
  app: ['lib', 'db', 'app/_server', 'app/_components'],
};

/**
 * Rooms that must run in a thread, on the command line, in a test and in a browser: they must not reach Node, directly
 * or indirectly.
 */
export const PURE = [
  'lib/receipts',
  'lib/coco',
  'lib/stats',
  'lib/scoring',
  'lib/kernels',
  'lib/livecell',
  'lib/viewer',
];

/** Tell whether a room may use another one. */
export function mayUse(room: string, other: string): boolean {
  const alone = other.startsWith('lib/') && other.endsWith('.ts') && ROOMS[other].length === 0;
  return (
    alone ||
    other === 'lib/checks' ||
    other === 'lib/problems.ts' ||
    ROOMS[room].some((allowed) => other === allowed || other.startsWith(`${allowed}/`))
  );
}

/** Return the room of a file; null if it has none. */
export function roomOf(file: string): string | null {
  let found: string | null = null;
  for (const room of Object.keys(ROOMS)) {
    if ((file === room || file.startsWith(`${room}/`)) && room.length > (found?.length ?? 0)) found = room;
  }
  return found;
}
