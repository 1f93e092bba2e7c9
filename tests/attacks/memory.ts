/**
 * Memory of the scoring child while it reads the most demanding files that the limits allow, by format. Not run by
 * `npm test`.
 *
 *   node tests/attacks/memory.ts                        all of them
 *   node tests/attacks/memory.ts --only masks,labels --threads 2 --share 0.5
 *
 * `--share` makes files of a part of the largest size, for machines with little memory or time. Linux only.
 */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { crc32, createGzip, deflateSync } from 'node:zlib';
import { Zip, ZipPassThrough } from 'fflate';
import { LIMITS } from '#lib/readers/limits.ts';
import { seededRandom } from '#lib/stats/random.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'nothing,boxes,masks,polygons,lines,labels,tiff,truth' },
    threads: { type: 'string', default: '2' },
    share: { type: 'string', default: '1' },
  },
});
const share = Number(values.share);
const data = mkdtempSync(join(tmpdir(), 'livecell-memory-'));
Object.assign(process.env, { LIVECELL_DATA: data, LOG_LEVEL: 'error' });
const stored = join(data, 'storage');
mkdirSync(stored, { recursive: true });
const { ScoringPool } = await import('#workers/scoring/pool.ts');
const random = seededRandom(1);

const IMAGES = 80;
const [WIDTH, HEIGHT] = [704, 520];
/** Label images are as large as they may be. */
const SIDE = Math.sqrt(LIMITS.labelImagePixels);

const fileOf = (name: string) => join(stored, name);
async function write(
  name: string,
  text: () => AsyncGenerator<string> | Generator<string>,
  gzip = true,
): Promise<string> {
  const path = fileOf(name);
  const out = createWriteStream(path);
  if (gzip) await pipeline(Readable.from(text()), createGzip({ level: 1 }), out);
  else await pipeline(Readable.from(text()), out);
  return path;
}

/** Ground truth of a few cells on `images` images. */
function* truthOf(images: number, width: number, height: number): Generator<string> {
  const named = (k: number) => `A172_Phase_A${1 + (k % 12)}_1_00d00h${String(k).padStart(2, '0')}m_1.tif`;
  yield '{"categories":[{"id":1,"name":"cell"}],"images":[';
  for (let k = 0; k < images; k++)
    yield `${k > 0 ? ',' : ''}{"id":${k + 1},"file_name":"${named(k)}","width":${width},"height":${height}}`;
  yield '],"annotations":[';
  for (let k = 0; k < images; k++)
    yield `${k > 0 ? ',' : ''}{"id":${k + 1},"image_id":${k + 1},"category_id":1,"iscrowd":0,"area":400,"bbox":[10,10,20,20],"segmentation":[[10,10,30,10,30,30,10,30]]}`;
  yield ']}';
}

/** Run lengths of a mask with as many runs as it may have. */
function longestMask(): string {
  const pixels = WIDTH * HEIGHT;
  const lengths = Array<number>(LIMITS.runsPerMask).fill(1);
  for (let left = pixels - lengths.length; left > 0; left--) lengths[Math.floor(random() * lengths.length)]++;
  return lengths.join(',');
}

function* records(
  count: number,
  record: (k: number) => string,
  [open, between, close] = ['[', ',', ']'],
): Generator<string> {
  yield open;
  for (let k = 0; k < count; k++) yield (k > 0 ? between : '') + record(k);
  yield close;
}

const boxOf = (k: number) =>
  `{"image_id":${1 + (k % IMAGES)},"category_id":1,"score":${random().toFixed(6)},"bbox":[${(random() * 680).toFixed(2)},${(random() * 490).toFixed(2)},${(8 + random() * 20).toFixed(2)},${(8 + random() * 20).toFixed(2)}]}`;

/** 16-bit grey PNG whose pixels are all in different small cells, without a filter. */
function png(label: (x: number, y: number) => number): Uint8Array {
  const rows = Buffer.alloc(SIDE * (1 + 2 * SIDE));
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) rows.writeUInt16BE(label(x, y), y * (1 + 2 * SIDE) + 1 + 2 * x);
  const chunk = (type: string, body: Uint8Array) => {
    const all = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const out = Buffer.alloc(all.length + 8);
    out.writeUInt32BE(body.length, 0);
    all.copy(out, 4);
    out.writeUInt32BE(crc32(all), all.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  head.set([16, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', new Uint8Array()),
  ]);
}
/** Uncompressed 32-bit TIFF of one strip. */
function tiff(label: (x: number, y: number) => number): Uint8Array {
  const pixels = Buffer.alloc(4 * SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) pixels.writeUInt32LE(label(x, y), 4 * (y * SIDE + x));
  const tags = [
    [256, 4, 1, SIDE],
    [257, 4, 1, SIDE],
    [258, 3, 1, 32],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 4, 1, SIDE],
    [279, 4, 1, pixels.length],
  ];
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(count, 6 + 12 * i);
    directory.writeUInt32LE(value, 10 + 12 * i);
  }
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(8 + pixels.length, 4);
  return Buffer.concat([head, pixels, directory]);
}

async function zipOf(name: string, members: number, bytes: Uint8Array, extension: string): Promise<string> {
  const path = fileOf(name);
  const out = createWriteStream(path);
  const zip = new Zip((error, chunk, final) => {
    if (error) throw error;
    out.write(chunk);
    if (final) out.end();
  });
  for (let k = 0; k < members; k++) {
    const member = new ZipPassThrough(
      `A172_Phase_A${1 + (k % 12)}_1_00d00h${String(k).padStart(2, '0')}m_1.${extension}`,
    );
    zip.add(member);
    member.push(bytes, true);
  }
  zip.end();
  await once(out, 'close');
  return path;
}

// cells of 4 × 4 pixels: as many labels as 16 bits can name, again and again in bands
const cells = (x: number, y: number) => 1 + ((((y >> 2) * (SIDE >> 2) + (x >> 2)) % 49_000) | 0);

interface Case {
  kind: 'score' | 'import';
  what: string;
  truth: 'small' | 'large';
  make(): Promise<string>;
}

const masks = Math.floor(share * 1900);
const boxes = Math.floor(share * LIMITS.detections);
const CASES: Record<string, Case> = {
  nothing: {
    kind: 'score',
    what: 'one box',
    truth: 'small',
    make: () => write('one.json', () => records(1, boxOf), false),
  },
  boxes: {
    kind: 'score',
    what: `COCO JSON, ${boxes.toLocaleString('en')} boxes`,
    truth: 'small',
    make: () => write('boxes.json.gz', () => records(boxes, boxOf)),
  },
  masks: {
    kind: 'score',
    what: `COCO JSON, ${masks.toLocaleString('en')} masks of ${LIMITS.runsPerMask.toLocaleString('en')} runs`,
    truth: 'small',
    make: () => {
      const counts = longestMask();
      return write('masks.json.gz', () =>
        records(
          masks,
          (k) =>
            `{"image_id":${1 + (k % IMAGES)},"category_id":1,"score":${random()},"segmentation":{"size":[${HEIGHT},${WIDTH}],"counts":[${counts}]}}`,
        ),
      );
    },
  },
  polygons: {
    kind: 'score',
    what: `COCO JSON, ${Math.floor(share * 2000).toLocaleString('en')} detections of 9,999 polygons`,
    truth: 'small',
    make: () => {
      const triangle = () => {
        const [x, y] = [random() * 690, random() * 505].map((n) => n.toFixed(1)).map(Number);
        return `[${x},${y},${x + 9},${y},${x},${y + 9}]`;
      };
      const polygons = Array.from({ length: 9_999 }, triangle).join(',');
      return write('polygons.json.gz', () =>
        records(
          Math.floor(share * 2000),
          (k) => `{"image_id":${1 + (k % IMAGES)},"category_id":1,"score":${random()},"segmentation":[${polygons}]}`,
        ),
      );
    },
  },
  lines: {
    kind: 'score',
    what: `one JSON record a line, ${boxes.toLocaleString('en')} boxes`,
    truth: 'small',
    make: () => write('lines.jsonl.gz', () => records(boxes, boxOf, ['', '\n', '\n'])),
  },
  labels: {
    kind: 'score',
    what: `zip of ${Math.floor(share * IMAGES)} label images, 16-bit PNG of ${SIDE} × ${SIDE} pixels`,
    truth: 'large',
    make: () => zipOf('labels.zip', Math.floor(share * IMAGES), png(cells), 'png'),
  },
  tiff: {
    kind: 'score',
    what: `zip of ${Math.floor(share * 40)} label images, 32-bit TIFF of ${SIDE} × ${SIDE} pixels`,
    truth: 'large',
    make: () => zipOf('labels-tiff.zip', Math.floor(share * 40), tiff(cells), 'tif'),
  },
  truth: {
    kind: 'import',
    what: `ground truth, ${Math.floor(share * 1_000_000).toLocaleString('en')} outlines`,
    truth: 'small',
    make: () =>
      write('large-truth.json.gz', function* () {
        yield `${[...truthOf(IMAGES, WIDTH, HEIGHT)].join('').replace(/"annotations":.*/s, '"annotations":[')}`;
        for (let k = 0; k < Math.floor(share * 1_000_000); k++) {
          const [x, y] = [Math.floor(random() * 670), Math.floor(random() * 490)];
          yield `${k > 0 ? ',' : ''}{"id":${k + 1},"image_id":${1 + (k % IMAGES)},"category_id":1,"iscrowd":0,"area":400,"bbox":[${x},${y},20,20],"segmentation":[[${x},${y},${x + 20},${y},${x + 20},${y + 20},${x},${y + 20}]]}`;
        }
        yield ']}';
      }),
  },
};

/** Largest resident memory of a process and of those below it, in MB, as Linux recorded it. */
const peakOf = (pid: number) =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

const truths = {
  small: await write('truth.json', () => truthOf(IMAGES, WIDTH, HEIGHT), false),
  large: await write('truth-large.json', () => truthOf(IMAGES, SIDE, SIDE), false),
};
try {
  for (const name of values.only.split(',')) {
    const { kind, what, truth, make } = CASES[name];
    const path = await make();
    const pool = new ScoringPool({});
    let peak = 0;
    const timer = setInterval(() => {
      try {
        if (pool.pid) peak = Math.max(peak, peakOf(pool.pid));
      } catch {
        // it has ended
      }
    }, 100);
    const from = performance.now();
    const signal = new AbortController().signal;
    const answer = await (kind === 'score'
      ? pool.score(
          {
            task: 'livecell-wide',
            groundTruth: { path: truths[truth] },
            files: [{ slot: 'all', path, name: path.split('/').at(-1)! }],
            protocols: ['livecell-paper', 'livecell-code', 'coco'],
            threads: Number(values.threads),
          },
          { signal },
        )
      : pool.importGroundTruth(
          { task: 'livecell-wide', files: [{ slot: '', path }], packed: join(data, 'scratch', 'packed') },
          signal,
        )
    ).then(
      (outcome) => (outcome.ok ? 'read' : `refused: ${outcome.problems[0]?.message}`),
      (error: Error) => error.message,
    );
    clearInterval(timer);
    await pool.close();
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    console.log(
      `${name}: ${what}, ${(statSync(path).size / 1e6).toFixed(0)} MB: ${answer}, ${seconds} s, ${Math.round(peak)} MB`,
    );
    rmSync(path);
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}
process.exit();
