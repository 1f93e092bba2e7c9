/**
 * `npm run bench`: how long scoring takes, as whole processes from file to report.
 *
 *   npm run bench                         full size and its multiples
 *   npm run bench -- --sizes tiny,full    some sizes (tiny sample full full-2x full-4x dense)
 *   npm run bench -- --repeat 3           the median of several runs
 *   npm run bench -- --peers              also pycocotools, faster-coco-eval and hotcoco, where Python has them, on the
 *                                         same files in the same run, alternating
 *   npm run bench -- --peers --python a,b peers of several Python installations: other versions of them
 *   npm run bench -- --peers --only hotcoco
 *   npm run bench -- --pycocotools-full   lets pycocotools do the large sizes too (hours)
 *
 * Machines are noisy: compare ratios within one run. Data are made on first use under .cache/bench.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { makeData, SIZES } from './make-data.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'tiny,full,full-2x,full-4x,dense' },
    repeat: { type: 'string', default: '3' },
    threads: { type: 'string', default: '' },
    peers: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3,python' },
    only: { type: 'string', default: 'faster-coco-eval,hotcoco,pycocotools' },
    'pycocotools-full': { type: 'boolean', default: false },
  },
});

const CACHE = fileURLToPath(new URL('../../.cache/bench', import.meta.url));
const SCORE_ONCE = fileURLToPath(new URL('./score-once.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('./peer.py', import.meta.url));
const LARGE = 20_000_000;

interface Cost {
  wall: number;
  cpu: number;
  megabytes: number;
  stages: Record<string, number | null>;
}

/** A process from start to end; it prints its own processor time and peak memory as its last line. */
async function measure(command: string, args: string[]): Promise<Cost | null> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let problem = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    problem = `${problem}${chunk}`.slice(-600);
  });
  const [status] = await once(child, 'close');
  const wall = (performance.now() - started) / 1000;
  if (status !== 0) {
    console.log(`  ${args.slice(0, 2).join(' ')} ended with status ${status}: ${problem.trim().split('\n').at(-1)}`);
    return null;
  }
  return { wall, ...JSON.parse(out.trim().split('\n').at(-1)!) };
}

interface Contender {
  name: string;
  run: () => Promise<Cost | null>;
}

interface Peer {
  tool: string;
  version: string;
  python: string;
}

/** What the Python installations have, each version once. */
const peers: Peer[] = [];
for (const python of values.peers ? values.python.split(',') : []) {
  for (const tool of values.only.split(',')) {
    const asked = spawnSync(python, ['-c', `import importlib.metadata as m; print(m.version("${tool}"))`]);
    const version = asked.status === 0 ? String(asked.stdout).trim() : '';
    if (version && !peers.some((peer) => peer.tool === tool && peer.version === version))
      peers.push({ tool, version, python });
  }
}
if (values.peers) console.log(`peers: ${peers.map(nameOf).join(', ') || 'none are installed for this Python'}`);

function nameOf({ tool, version }: Peer): string {
  return `${tool} ${version}`;
}

const [{ model }] = cpus();
console.log(
  `${availableParallelism()} cores (${model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.version}\n`,
);

for (const name of values.sizes.split(',')) {
  const size = SIZES[name];
  if (!size) throw new Error(`There is no size ${name}; there are ${Object.keys(SIZES).join(', ')}.`);
  const { groundTruth, predictions } = await makeData(CACHE, size);
  const pack = groundTruth.replace(/json$/, 'pack');
  if (!existsSync(pack) || statSync(pack).mtimeMs < statSync(groundTruth).mtimeMs) {
    await importGroundTruth(groundTruth, pack);
  }
  const megabytes = (path: string): string => `${(statSync(path).size / 1e6).toFixed(1)} MB`;
  console.log(`${name}: ground truth ${megabytes(groundTruth)}, predictions ${megabytes(predictions)}`);

  const ours = (truth: string, what = 'score'): (() => Promise<Cost | null>) => {
    return () => measure(process.execPath, [SCORE_ONCE, truth, predictions, values.threads, what]);
  };
  const contenders: Contender[] = [
    { name: 'this engine, imported ground truth', run: ours(pack) },
    { name: 'this engine, from two JSON files', run: ours(groundTruth) },
    { name: '  … with errors by kind', run: ours(pack, 'errors') },
    { name: '  … with errors and intervals', run: ours(pack, 'everything') },
    { name: '  … that, with the file of outcomes', run: ours(pack, 'outcomes') },
    { name: '  … that, with the families', run: ours(pack, 'families') },
    { name: 'families alone, truth flattened before', run: ours(pack, 'families-job') },
  ];
  for (const peer of peers) {
    const { tool, python } = peer;
    if (tool === 'pycocotools' && statSync(predictions).size > LARGE && !values['pycocotools-full']) continue;
    for (const type of ['segm', 'bbox']) {
      contenders.push({
        name: `${nameOf(peer)}, ${type}`,
        run: () => measure(python, [PEER, tool, groundTruth, predictions, type]),
      });
    }
  }

  // in turns, so that a change of the machine's speed hits everyone
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < Number(values.repeat); round++) {
    for (const { name: who, run } of contenders) {
      const cost = await run();
      if (cost) costs.set(who, [...(costs.get(who) ?? []), cost]);
    }
  }
  const median = (who: string): Cost | undefined =>
    costs.get(who)?.sort((a, b) => a.wall - b.wall)[Math.floor(costs.get(who)!.length / 2)];
  const floor = await ours(pack, 'floor')();

  console.log(`  ${'whole process'.padEnd(38)}   wall s    cpu s   peak MB   stages`);
  for (const { name: who } of contenders) {
    const cost = median(who);
    if (!cost) continue;
    const stages = Object.entries(cost.stages)
      .map(([stage, value]) => `${stage} ${typeof value === 'number' ? value.toFixed(3) : value}`)
      .join(', ');
    console.log(
      `  ${who.padEnd(38)} ${cost.wall.toFixed(2).padStart(8)} ${cost.cpu.toFixed(2).padStart(8)} ${cost.megabytes.toFixed(0).padStart(9)}   ${stages}`,
    );
  }
  if (floor) {
    console.log(
      `  floor: the file's bytes read once in ${floor.stages.read!.toFixed(2)} s, its ${floor.stages.runs!.toLocaleString('en')} runs decoded in ${floor.stages.decode!.toFixed(2)} s (one core)`,
    );
  }
  for (const name of peers.map(nameOf)) {
    const [segm, bbox] = [median(`${name}, segm`), median(`${name}, bbox`)];
    if (!segm || !bbox) continue;
    const ratios = contenders.slice(0, 2).map(({ name: who }) => {
      const cost = median(who);
      return cost ? `${((segm.wall + bbox.wall) / cost.wall).toFixed(1)} × the time of ${who}` : '';
    });
    console.log(`  ${name}, masks plus boxes: ${ratios.join('; ')}`);
  }
  console.log('');
}
