/**
 * A site with the embedded database in one process, which uploads and submits until it is killed. It prints `ack` with
 * the submission and the digest of its file after each answer, and first checks those of earlier lives.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { sql } from 'drizzle-orm';
import { closeDb, db } from '#db/engine/client.ts';
import { openEmbedded } from '#db/engine/embedded.ts';
import { sha256Of, storage } from '#lib/storage.ts';

registerHooks({
  resolve: (specifier, context, next) =>
    next(/^next\/[a-z-]+$/.test(specifier) ? `${specifier}.js` : specifier, context),
});

const say = (text: string) => writeSync(1, `${text}\n`);
const { CRASH_TOKEN: token, CRASH_ACKNOWLEDGED: acknowledged, CRASH_ONLY_CHECK: onlyCheck } = process.env;
const embedded = await openEmbedded(process.env.LIVECELL_DATA!);
process.env.DATABASE_URL = embedded.url;

let missing = 0;
const lines = existsSync(acknowledged!) ? readFileSync(acknowledged!, 'utf8').trim().split('\n').filter(Boolean) : [];
for (const line of lines) {
  const [id, sha256] = line.split(' ');
  const [row] = await db().execute<{ sha256: string; key: string; jobs: number }>(sql`
    select f.sha256, f.storage_key as key,
      (select count(*)::int from pgboss.job where data->>'submissionId' = ${id}) as jobs
    from submission_files f where f.submission_id = ${id}`);
  const found = row && (await sha256Of(storage().createReadStream(row.key)).catch(() => 'no file'));
  if (row?.sha256 === sha256 && found === sha256 && row.jobs === 1) continue;
  missing++;
  say(
    `lost ${id}: ${row ? `row ${row.sha256 === sha256}, file ${found === sha256 ? 'whole' : found}, ${row.jobs} jobs` : 'no row'}`,
  );
}
say(`checked ${lines.length} ${missing}`);
if (onlyCheck) {
  await closeDb();
  await embedded.close();
  process.exit();
}

const { handleUpload } = await import('#app/_server/uploads.ts');
const { POST } = await import('#app/api/v1/submissions/route.ts');
const headers = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0' };
for (let n = 1; ; n++) {
  const body = Buffer.from(
    `[{"image_id":1,"score":0.5,"bbox":[0,0,2,2],"note":"${randomBytes(20_000).toString('hex')}"}]`,
  );
  const created = await handleUpload(
    new Request('http://site/api/uploads', {
      method: 'POST',
      headers: { ...headers, 'upload-length': String(body.length), 'content-type': 'application/offset+octet-stream' },
      body,
    }),
  );
  if (created.status !== 201) throw new Error(`upload: ${created.status} ${await created.text()}`);
  const response = await POST(
    new Request('http://site/api/v1/submissions', {
      method: 'POST',
      headers,
      body: JSON.stringify({
        task: 'livecell-wide',
        method: `Method ${n}`,
        files: [{ slot: 'all', upload: created.headers.get('location') }],
      }),
    }),
    { params: Promise.resolve({}) },
  );
  if (response.status !== 201) throw new Error(`submit: ${response.status} ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  say(`ack ${id} ${createHash('sha256').update(body).digest('hex')}`);
  if (n % 4 === 0) await db().execute(sql`checkpoint`);
}
