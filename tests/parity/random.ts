/**
 * Asks pycocotools about random cases and compares every number: `npm run parity -- --cases 200`.
 *
 *   --cases N   how many (100)
 *   --seed N    the first case's seed; the others count up from it (1). `--cases 1 --seed N` repeats a case.
 *   --keep N    also write the first N cases and the reference's numbers to tests/fixtures/parity/random.json.gz, which
 *               `random-cases.test.ts` compares without Python
 *   --no-peers  do not ask hotcoco and faster-coco-eval, which otherwise give second opinions where installed
 *
 * Ends with 1 when a number differs from the reference by more than 1e-9, with 2 when there is no reference here. Needs
 * Python with pycocotools; `npm test` never needs this.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { EVALUATIONS, type Evaluation, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { FileRejected } from '#lib/problems.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { pack } from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';
import { distance, numbersOf, TOLERANCE } from './compare.ts';
import { type Decisions, decisionsOf, firstDifference, numberingOf } from './decisions.ts';
import type { GoldenProtocol, GoldenSlice } from './golden-files.ts';
import { type RandomCase, randomCase } from './random-case.ts';

interface Answer {
  reference: Record<ProtocolId, GoldenProtocol>;
  peers: Record<string, Record<ProtocolId, Partial<GoldenProtocol>> | { error: string }>;
}

/** The difference that matters most so far. */
interface Worst {
  difference: number;
  where: string;
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string', default: '0' },
    'no-peers': { type: 'boolean', default: false },
  },
});
const cases = Number(values.cases);
const firstSeed = Number(values.seed);
if (!(Number.isInteger(cases) && cases > 0 && Number.isInteger(firstSeed) && firstSeed >= 0)) {
  console.error('--cases and --seed take whole numbers.');
  process.exit(2);
}

const python = process.env.PYTHON ?? 'python3';
const child = spawn(python, ['-B', join(import.meta.dirname, 'reference.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
let complaints = '';
child.stderr.on('data', (text: Buffer) => {
  complaints = (complaints + text).slice(-2000);
});
child.on('error', () => noReference());
child.stdin.on('error', () => {}); // it has ended: the next line out is missing
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

function noReference(): never {
  console.error(
    `${complaints}\nThe reference does not answer. Install it (pip install pycocotools==2.0.11), or say which Python has it (PYTHON=…).`,
  );
  process.exit(2);
}

async function answer<T>(): Promise<T> {
  const { value, done } = await answers.next();
  if (done) noReference();
  return JSON.parse(value) as T;
}

const versions = await answer<{ reference: string; peers: string[] }>();
const keep = Number(values.keep);
const kept: (RandomCase & { reference: Answer['reference'] })[] = [];
const peers = new Map(
  versions.peers.map((name) => [name, { asked: 0, apart: 0, failed: 0, first: '', worst: none() }]),
);
const worst = none();
let compared = 0;

for (let k = 0; k < cases; k++) {
  const seed = firstSeed + k;
  const made = randomCase(seed);
  child.stdin.write(`${JSON.stringify({ ...made, peers: !values['no-peers'] })}\n`);
  const theirs = await answer<Answer>();
  const failure = await compare(made, theirs.reference, `case ${seed}`);
  if (failure) {
    console.error(`\n${failure.text}\n${failure.at ? await whereDecisionsPart(made, ...failure.at) : ''}`);
    const file = join(mkdtempSync(join(tmpdir(), 'livecell-parity-')), `case-${seed}.json`);
    writeFileSync(file, JSON.stringify(made));
    console.error(`The case is in ${file}; --cases 1 --seed ${seed} repeats it.`);
    process.exit(1);
  }
  if (kept.length < keep && made.dt.length < 200) kept.push({ ...made, reference: theirs.reference });
  for (const [name, results] of Object.entries(theirs.peers))
    comparePeer(name, results, theirs.reference, `case ${seed}`);
  if (process.stderr.isTTY)
    process.stderr.write(`\r${k + 1} of ${cases} cases, largest difference ${worst.difference}`);
}
child.stdin.end();
if (keep > 0) {
  const file = join(import.meta.dirname, '..', 'fixtures', 'parity', 'random.json.gz');
  writeFileSync(file, gzipSync(JSON.stringify(kept), { level: 9 }));
  console.log(`${kept.length} cases kept in tests/fixtures/parity/random.json.gz`);
}

if (process.stderr.isTTY) process.stderr.write('\n');
console.log(
  `${cases.toLocaleString('en')} cases, ${compared.toLocaleString('en')} numbers compared with ${versions.reference}`,
);
console.log(`largest difference ${show(worst)}`);
for (const [name, { asked, apart, failed, first, worst }] of peers) {
  if (asked === 0) continue;
  console.log(
    `second opinion: ${name}, ${asked.toLocaleString('en')} cases: ${apart} differ from ${versions.reference}${failed ? `, ${failed} could not be read` : ''}; largest difference ${show(worst)}${first ? `; first: ${first}` : ''}`,
  );
}

function none(): Worst {
  return { difference: 0, where: '' };
}

function show({ difference, where }: Worst): string {
  return difference === 0 ? '0' : `${difference.toPrecision(2)} (${where})`;
}

interface Failure {
  text: string;
  /** whose decisions to look at */
  at?: [ProtocolId, Evaluation];
}

/** @returns the first number that differs, in words, or null */
async function compare({ gt, dt }: RandomCase, theirs: Answer['reference'], name: string): Promise<Failure | null> {
  let packed: Awaited<ReturnType<typeof pack>>;
  try {
    packed = await pack(gt, dt);
  } catch (error) {
    if (error instanceof FileRejected)
      return { text: `${name} is rejected by our reader: ${error.problems[0].message}` };
    throw error;
  }
  const results = await score(packed.dataset, packed.predictions, PROTOCOL_IDS);
  const slices = [...imageSlices(packed.dataset.images.fileNames).keys()];
  for (const [p, protocol] of PROTOCOL_IDS.entries()) {
    for (const evaluation of EVALUATIONS) {
      for (const slice of slices) {
        const numbers = theirs[protocol][evaluation];
        const [ours, reference] =
          slice === 'overall'
            ? [results[p][evaluation]?.overall, numbers.overall]
            : [results[p][evaluation]?.cellTypes[slice], numbers.by_type[slice]];
        if (!ours || !reference)
          return { text: `${name}: ${protocol}, ${evaluation}, ${slice} is missing on one side` };
        for (const [number, a, b] of numbersOf(ours, reference, protocol)) {
          compared++;
          const difference = distance(a, b);
          const where = `${name}: ${protocol}, ${evaluation}, ${slice}, ${number}`;
          if (!(difference <= TOLERANCE))
            return { text: `${where} is ${a}, in the reference ${b}`, at: [protocol, evaluation] };
          if (difference > worst.difference) Object.assign(worst, { difference, where });
        }
      }
    }
  }
  return null;
}

async function whereDecisionsPart(
  { gt, dt }: RandomCase,
  protocol: ProtocolId,
  evaluation: Evaluation,
): Promise<string> {
  child.stdin.write(`${JSON.stringify({ gt, dt, decisions: [protocol, evaluation] })}\n`);
  const { decisions } = await answer<{ decisions: Decisions[] }>();
  const { dataset, predictions } = await pack(gt, dt);
  const annotations = gt.annotations as { id: number; image_id: number; category_id: number }[];
  const ours = decisionsOf(dataset, predictions, evaluation, protocol, numberingOf(dataset, annotations, dt));
  return firstDifference(ours, decisions) ?? 'Every match is the same: the numbers part afterwards.';
}

function comparePeer(
  name: string,
  results: Answer['peers'][string],
  reference: Answer['reference'],
  where: string,
): void {
  const peer = peers.get(name)!;
  peer.asked++;
  if ('error' in results) {
    peer.failed++;
    peer.first ||= `${where}: ${results.error}`;
    return;
  }
  let differs = false;
  for (const protocol of PROTOCOL_IDS) {
    for (const evaluation of EVALUATIONS) {
      const theirs = results[protocol][evaluation];
      if (!theirs) continue;
      for (const [number, a, b] of samePlaces(theirs.overall, reference[protocol][evaluation].overall)) {
        const difference = distance(a, b);
        const place = `${where}: ${protocol}, ${evaluation}, ${number}`;
        if (difference > TOLERANCE && !differs) {
          differs = true;
          peer.apart++;
          peer.first ||= `${place} is ${a} instead of ${b}`;
        }
        if (difference > peer.worst.difference) peer.worst = { difference, where: place };
      }
    }
  }
}

/** Numbers of two slices that stand in the same place. */
function* samePlaces(a: GoldenSlice, b: GoldenSlice): Generator<[string, number | null, number | null]> {
  for (const [key, value] of Object.entries(a)) {
    const other = b[key as keyof GoldenSlice];
    if (typeof value !== 'object' || value === null) yield [key, value, other as number | null];
    else
      for (const [inner, number] of Object.entries(value as object))
        yield [`${key}[${inner}]`, number, (other as never)[inner]];
  }
}
