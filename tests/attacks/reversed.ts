/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: code as text */
/**
 * Takes back the repair of a finding, one after another, in a copy of the checkout, and runs the tests that
 * docs/threat-model.md names for it: they have to fail. Not run by `npm test`.
 *
 *   node tests/attacks/reversed.ts              all of them
 *   node tests/attacks/reversed.ts --only H5,M3     those of these findings
 *   node tests/attacks/reversed.ts --minutes 4      begin none after four minutes, and name those that are left
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyOfCheckout, runVitest } from '#tests/mutate/copy.ts';

interface Reversal {
  finding: string;
  file: string;
  /** the repair, and what the code did without it */
  repaired: string;
  before: string;
  tests: string[];
}

const REVERSALS: readonly Reversal[] = [
  {
    finding: 'H1',
    file: 'lib/private-folder.ts',
    repaired: 'if ((mode & OTHERS) === 0) return;',
    before: 'return;',
    tests: ['tests/attacks/data-folder.test.ts'],
  },
  {
    finding: 'H3',
    file: 'lib/tasks/disclosure.ts',
    repaired: 'return 1 + Math.floor(runs / RUNS_PER_STEP);',
    before: 'return 1 + 0 * runs * RUNS_PER_STEP;',
    tests: ['tests/attacks/oracle.test.ts'],
  },
  {
    finding: 'H4',
    file: 'workers/site/gate.ts',
    repaired: 'if (encoding !== undefined) {',
    before: 'if (encoding === "never") {',
    tests: ['tests/attacks/hostile-bodies.test.ts'],
  },
  {
    finding: 'H5',
    file: 'db/submissions/uploads.ts',
    repaired: 'await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`uploads ${input.userId}`}, 0))`);',
    before: '',
    tests: ['tests/attacks/disk.test.ts'],
  },
  {
    finding: 'H5 (files)',
    file: 'workers/scoring/jobs/retention.ts',
    repaired: 'if (!needed.has(uploadKey(id))) await uploads.remove(id);',
    before: 'if (!needed.has(uploadKey(id))) continue;',
    tests: ['tests/attacks/disk.test.ts'],
  },
  {
    finding: 'H6',
    file: 'app/_server/uploads.ts',
    repaired: 'if (offset !== here)',
    before: 'if (offset < 0)',
    tests: ['tests/attacks/bodies.test.ts'],
  },
  {
    finding: 'H7',
    file: 'db/queue/queue.ts',
    repaired: 'const turn = (practice ? PRIORITY.practice : 0) - Math.min(open, 9_999);',
    before: 'const turn = 0 * open * Number(practice);',
    tests: ['tests/attacks/fair-queue.test.ts'],
  },
  {
    finding: 'M1',
    file: 'db/submissions/moderation.ts',
    repaired: 'const own = otherEyes && (await decidesOnOwn(id, actorId, tx));',
    before: 'const own = otherEyes && id === "" && (await decidesOnOwn(id, actorId, tx));',
    tests: ['tests/attacks/four-eyes.test.ts'],
  },
  {
    finding: 'M2',
    file: 'app/_server/watch.ts',
    repaired: 'if (personId !== null && opened >= MOST_STREAMS.person)',
    before: 'if (personId === "" && opened >= MOST_STREAMS.person)',
    tests: ['tests/attacks/streams.test.ts'],
  },
  {
    finding: 'M3',
    file: 'app/_server/return-to.ts',
    repaired: 'url.origin === site && /^\\/(?![/\\\\])/.test(inside)',
    before: 'url.origin === site',
    tests: ['tests/attacks/addresses.test.ts'],
  },
  {
    finding: 'M5',
    file: 'lib/http/security-headers.ts',
    repaired: "['x-content-type-options', 'nosniff'],",
    before: '',
    tests: ['tests/workers/site/front.test.ts'],
  },
  {
    finding: 'M8',
    file: 'app/_server/site.ts',
    repaired: 'LOOPBACK_HOST.test(host) ? host : `localhost:${env().PORT}`',
    before: 'host && LOOPBACK_HOST ? host : `localhost:${env().PORT}`',
    tests: ['tests/attacks/addresses.test.ts', 'tests/attacks/proxies.test.ts'],
  },
  {
    finding: 'L1',
    file: 'app/_server/viewer.ts',
    repaired: 'SESSION_COOKIES.slice(0, 1)',
    before: 'SESSION_COOKIES',
    tests: ['tests/attacks/addresses.test.ts'],
  },
  {
    finding: 'L4',
    file: 'app/_server/monitoring.ts',
    repaired: '!AUTH_URL && !headers.has(PROXIED_HEADER)',
    before: '!headers.has(PROXIED_HEADER)',
    tests: ['tests/attacks/monitoring.test.ts'],
  },
  {
    finding: 'L6',
    file: 'db/submissions/public-names.ts',
    repaired: "if (alike === null || (alike === 'same' && kind !== 'team')) continue;",
    before: 'if (alike !== undefined) continue;',
    tests: ['tests/attacks/names.test.ts'],
  },
  {
    finding: 'L7',
    file: 'db/people/tokens.ts',
    repaired: '>= MOST_TOKENS)',
    before: '>= 10 * MOST_TOKENS)',
    tests: ['tests/attacks/four-eyes.test.ts'],
  },
  {
    finding: 'L12',
    file: 'db/people/deletion.ts',
    repaired: 'if (user.email) await deleteMailTo([user.email], tx);\n',
    before: 'void deleteMailTo;\n',
    tests: ['tests/db/people/deletion.test.ts', 'tests/attacks/departure.test.ts'],
  },
  {
    finding: 'C1',
    // the route asks it twice, so that neither question alone is the repair
    file: 'db/people/sign-in-links.ts',
    repaired: 'if (timingSafeEqual(Buffer.from(link.sha256), given)) found = link;',
    before: 'if (given) found = link;',
    tests: ['tests/attacks/local-sign-in.test.ts'],
  },
  {
    finding: 'H2',
    file: 'app/_server/local-sign-in.ts',
    repaired: 'return signsInAtHome(values) && isLoopback(values.DATABASE_URL);',
    before: 'return isLoopback(values.DATABASE_URL);',
    tests: ['tests/attacks/local-sign-in.test.ts'],
  },
  {
    finding: 'H3 (AP)',
    file: 'lib/tasks/disclosure.ts',
    repaired: "typeof exactAP === 'number' ? smoothAP(exactAP) : null",
    before: "typeof exactAP === 'number' && smoothAP ? (slice.AP as number) : null",
    tests: ['tests/attacks/oracle.test.ts'],
  },
  {
    finding: 'H3 (steps)',
    file: 'lib/tasks/disclosure.ts',
    repaired: 'const multiple = Math.floor(value / step + draw) * step;',
    before: 'const multiple = Math.floor(value / step + 0.5 + 0 * draw) * step;',
    tests: ['tests/attacks/oracle.test.ts'],
  },
  {
    finding: 'M4',
    file: 'next.config.mjs',
    repaired: 'unoptimized: true',
    before: 'unoptimized: false',
    tests: ['tests/attacks/addresses.test.ts'],
  },
  {
    finding: 'M6',
    file: 'app/_server/limits.ts',
    repaired: 'if (allowance.allowed) return',
    before: 'if (allowance) return',
    tests: ['tests/attacks/rates.test.ts'],
  },
  {
    finding: 'M7',
    file: 'workers/scoring/child.ts',
    repaired: 'if (process.memoryUsage.rss() < Number(budget)) return;',
    before: 'if (Number(budget) > 0) return;',
    tests: ['tests/attacks/scoring-powers.test.ts'],
  },
  {
    finding: 'M9',
    file: 'db/people/departed.ts',
    repaired: 'if (suspendedAt) await',
    before: 'if (suspendedAt && suspendedReason === "") await',
    tests: ['tests/attacks/departure.test.ts'],
  },
  {
    finding: 'L3',
    file: 'db/people/sessions.ts',
    repaired: 'return and(gt(sessions.expires, sql`now()`), gt(sessions.seenAt, sql`now() - ${idle}`));',
    before: 'return and(gt(sessions.expires, sql`now()`), sql`${idle} is not null`);',
    tests: ['tests/attacks/sessions.test.ts'],
  },
  {
    finding: 'L5',
    file: 'app/_server/viewer.ts',
    repaired: '  } catch {\n    return null;\n  }\n}\n\n/**\n * Tell',
    before: '  } catch (error) {\n    throw error;\n  }\n}\n\n/**\n * Tell',
    tests: ['tests/attacks/addresses.test.ts'],
  },
  {
    finding: 'L8',
    file: 'app/_server/uploads.ts',
    repaired: 'getFileIdFromRequest: (incoming) => idOf(incoming.url) ?? undefined,',
    before: '',
    tests: ['tests/attacks/bodies.test.ts'],
  },
  {
    finding: 'L9',
    file: 'lib/tasks/disclosure.ts',
    repaired: 'return Math.round(roundToDigits(objects, 2)!);',
    before: 'return Math.round(roundToDigits(objects, 20)!);',
    tests: ['tests/attacks/oracle.test.ts'],
  },
  {
    finding: 'L10',
    file: 'workers/site/server-limits.ts',
    repaired: 'headersTimeout: 10_000',
    before: 'headersTimeout: 300_000', // more than requestTimeout is refused by Node itself
    tests: ['tests/attacks/bodies.test.ts'],
  },
];

const { values } = parseArgs({ options: { only: { type: 'string' }, minutes: { type: 'string' } } });
const wanted = values.only?.split(',');
const until = Date.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const left: string[] = [];
const copy = copyOfCheckout();
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

let unnoticed = 0;
for (const { finding, file, repaired, before, tests } of REVERSALS) {
  // `H5` means `H5 (files)` as well
  if (wanted && !wanted.includes(finding) && !wanted.includes(finding.split(' ')[0])) continue;
  if (Date.now() > until) {
    left.push(finding);
    continue;
  }
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(repaired).length !== 2)
    throw new Error(`${file} does not have the repair of ${finding} once: ${repaired}`);
  writeFileSync(
    path,
    source.replace(repaired, () => before),
  );
  const status = await runVitest(copy, ['run', '--bail=1', '--reporter=dot', ...tests], 240);
  writeFileSync(path, source);
  const noticed = status !== 0 && status !== null;
  if (!noticed) unnoticed++;
  console.log(`${finding}: ${noticed ? 'noticed' : status === null ? 'too slow' : 'NOT NOTICED'} (${file})`);
}
if (left.length > 0) console.log(`left: ${left.join(',')}`);
process.exitCode = unnoticed > 0 ? 1 : 0;
