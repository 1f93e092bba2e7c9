/**
 * `npm run test:faults`: the long form of the tests of faults. It prints what it did and found, and fails if anything
 * accepted was lost, scored twice or wrongly, or left over.
 *
 *   npm run test:faults                               200 submissions, 50 crashes without unsynced writes, a full
 *                                                   disk, a recovery
 *   npm run test:faults -- --submissions 40 --seed 7  fewer
 *   npm run test:faults -- --crashes 5 --only crashes      or --only scenario, disk, recovery
 *   npm run test:faults -- --next                     with the real web process, which is built first if need be
 *   npm run test:faults -- --install                  build the S3 server with Go, once, and do nothing else
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installS3Server } from './s3-server.ts';

// Next resolves its own parts without their endings
registerHooks({
  resolve: (specifier, context, next) =>
    next(/^next\/[a-z-]+$/.test(specifier) ? `${specifier}.js` : specifier, context),
});

const { values } = parseArgs({
  options: {
    submissions: { type: 'string', default: '200' },
    people: { type: 'string', default: '8' },
    crashes: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    next: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
});
const started = performance.now();
const print = (text: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

if (values.install) {
  installS3Server();
  process.exit();
}
if (values.next) {
  const { execFileSync } = await import('node:child_process');
  execFileSync(process.execPath, ['workers/livecell.mjs', 'build'], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: 'inherit',
  });
}

let failed = false;
if (values.only === undefined || values.only === 'scenario') {
  const { runScenario } = await import('./scenario.ts');
  const submissions = Number(values.submissions);
  const result = await runScenario({
    submissions,
    people: Number(values.people),
    seed: Number(values.seed),
    pauseMilliseconds: 5_000,
    faultMilliseconds: 2_500,
    patience: 900,
    next: values.next,
    print,
  });
  console.log(JSON.stringify(result, null, 2));
  const { right, twice, unasked, orphans, wrong, charges } = result;
  failed = right !== submissions || twice + unasked + orphans.length + wrong.length > 0 || charges !== submissions;
  print(failed ? 'FAILED' : `${right} accepted, scored once each with the right numbers, nothing left over`);
}
if ((values.only === undefined || values.only === 'crashes') && process.platform === 'linux') {
  const { runCrashes } = await import('./crashes.ts');
  const { crashes, acknowledged, lost } = await runCrashes({ crashes: Number(values.crashes), print });
  for (const line of lost) console.log(line);
  if (lost.length > 0) failed = true;
  print(`${crashes} crashes without unsynced writes: ${acknowledged} acknowledged, ${lost.length} lost`);
}
if (values.only === undefined || values.only === 'disk') {
  const { fillDisk } = await import('./full-disk.ts');
  const result = await fillDisk(print);
  if (result) {
    if (result.faults.length > 0) failed = true;
    print(
      `a full disk: ${result.scored} of ${result.acknowledged} acknowledged are scored, ${result.faults.length} faults`,
    );
  }
}
if (values.only === undefined || values.only === 'recovery') {
  const { rehearseRecovery } = await import('./recovery.ts');
  const { before, mistaken, recovered, works, seconds } = await rehearseRecovery();
  if (!works || mistaken.length > 0 || recovered.join() !== before.join()) failed = true;
  print(
    `back to the moment before a mistake in ${seconds.toFixed(1)} s: ${recovered.length} of ${before.length} submissions, and the site ${works ? 'works' : 'DOES NOT WORK'}`,
  );
}
process.exit(failed ? 1 : 0);
