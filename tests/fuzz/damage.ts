/**
 * Good files, and what happens to them on their way: cut, flipped, edited by hand, written by careless programs, or made
 * by somebody who means harm. A seed and a number name a file; the same pair gives the same bytes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Zippable, zipSync } from 'fflate';
import { appendPolygon } from '#lib/coco/polygon.ts';
import { countsFromIntervals, encodeCounts, IntervalBuffer } from '#lib/coco/rle.ts';
import { seededRandom, seedFor } from '#lib/stats/random.ts';

const WIDTH = 70;
const HEIGHT = 52;

/** Five images; the last two are one file under two ids. */
const IMAGES = [
  ...['BV2_Phase_A4_1_00d00h00m_1', 'A172_Phase_C7_1_00d04h00m_2', 'MCF7_Phase_H4_2_01d00h00m_3'],
  ...['SKOV3_Phase_E4_1_00d00h00m_4', 'SKOV3_Phase_E4_1_00d00h00m_4'],
].map((stem, k) => ({ id: 100 + k, width: WIDTH, height: HEIGHT, file_name: `${stem}.tif` }));

export interface Damaged {
  bytes: Uint8Array;
  /** what it was, and what was done to it */
  story: string;
  /** the file is ground truth, not predictions */
  groundTruth: boolean;
}

type Random = ReturnType<typeof dice>;

function dice(seed: number) {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return {
    below,
    chance: (p: number): boolean => random() < p,
    pick: <T>(from: readonly T[]): T => from[below(from.length)],
    /** small numbers often, large ones sometimes */
    upTo: (n: number): number => Math.floor(n ** random()),
    real: random,
  };
}

/** File number `k` of the row that belongs to a seed. */
export function damagedFile(seed: number, k: number): Damaged {
  const random = dice(seedFor(`file ${k}`, seed));
  const told: string[] = [];
  const kind = random.pick(KINDS);
  told.push(kind);
  const bytes = MAKE[kind](random, told);
  return { bytes, story: told.join(', '), groundTruth: kind.startsWith('ground truth') };
}

export function goodGroundTruth(): Uint8Array {
  return text(JSON.stringify(groundTruth(dice(7))));
}

const KINDS = [
  ...['results', 'results', 'results', 'results', 'results with lists of runs', 'results with polygons', 'boxes'],
  ...['document', 'document', 'ground truth', 'ground truth keyed by id', 'gzip', 'gzip', 'gzip bomb', 'zip', 'zip'],
  ...['zip bomb', 'label images', 'label images', 'label images', 'label images', 'noise', 'too much'],
] as const;
type Kind = (typeof KINDS)[number];

const MAKE: Record<Kind, (random: Random, told: string[]) => Uint8Array> = {
  results: (random, told) => damageText(results(random, 'rle'), random, told),
  'results with lists of runs': (random, told) => damageText(results(random, 'runs'), random, told),
  'results with polygons': (random, told) => damageText(results(random, 'polygons'), random, told),
  boxes: (random, told) => damageText(results(random, 'none'), random, told),
  document: (random, told) => damageText(document(random), random, told),
  'ground truth': (random, told) => damageText(groundTruth(random), random, told),
  'ground truth keyed by id': (random, told) => {
    const { annotations, ...rest } = groundTruth(random);
    return damageText({ ...rest, annotations: Object.fromEntries(annotations.map((a) => [a.id, a])) }, random, told);
  },
  gzip: (random, told) => damageBytes(gzipSync(plainOrDamaged(random, told)), random, told, random.chance(0.8) ? 1 : 0),
  'gzip bomb': gzipBomb,
  zip: damagedZip,
  'zip bomb': zipBomb,
  'label images': labelArchive,
  noise: (random) => {
    const bytes = Uint8Array.from({ length: random.upTo(5000) }, () => random.below(256));
    bytes.set(
      random
        .pick([[], [0x5b], [0x7b], [0x1f, 0x8b, 8, 0], [0x50, 0x4b, 3, 4], [0x49, 0x49, 42, 0]])
        .slice(0, bytes.length),
    );
    return bytes;
  },
  'too much': tooMuch,
};

// --- good files ---

interface Rectangle {
  image: number;
  x: number;
  y: number;
  w: number;
  h: number;
}

function rectangles(random: Random, perImage: number): Rectangle[] {
  return IMAGES.flatMap((_, image) =>
    Array.from({ length: perImage }, () => ({
      image,
      x: random.below(WIDTH - 20),
      y: random.below(HEIGHT - 16),
      w: 4 + random.below(16),
      h: 4 + random.below(12),
    })),
  );
}

const outline = ({ x, y, w, h }: Rectangle): number[] => [x, y, x, y + h, x + w, y + h, x + w, y];

function segmentation(cell: Rectangle, how: 'rle' | 'runs' | 'polygons' | 'none'): unknown {
  if (how === 'none') return undefined;
  if (how === 'polygons') return [outline(cell).map((value) => value + 0.25)];
  const mask = new IntervalBuffer();
  appendPolygon({ xy: outline(cell), from: 0, points: 4 }, { height: HEIGHT, width: WIDTH }, mask);
  const counts = countsFromIntervals(mask.data, 0, mask.length, WIDTH * HEIGHT);
  return { size: [HEIGHT, WIDTH], counts: how === 'rle' ? encodeCounts(counts) : counts };
}

function results(random: Random, how: 'rle' | 'runs' | 'polygons' | 'none'): Record<string, unknown>[] {
  const byName = random.chance(0.2);
  const maskScores = random.chance(0.2);
  const withBox = how === 'none' || random.chance(0.5);
  return rectangles(random, 1 + random.upTo(12)).map((cell) => ({
    image_id: byName ? IMAGES[cell.image].file_name : IMAGES[cell.image].id,
    category_id: 1,
    score: Math.round(random.real() * 1e4) / 1e4,
    ...(maskScores && { mask_score: random.real() }),
    segmentation: segmentation(cell, how),
    ...(withBox && { bbox: [cell.x, cell.y, cell.w, cell.h] }),
  }));
}

function groundTruth(random: Random) {
  return {
    info: { description: 'made up' },
    categories: [{ id: 1, name: 'cell' }],
    images: IMAGES,
    annotations: rectangles(random, 8).map((cell, k) => ({
      id: 1000 + k,
      image_id: IMAGES[cell.image].id,
      category_id: 1,
      iscrowd: k % 13 === 12 ? 1 : 0,
      area: cell.w * cell.h,
      bbox: [cell.x, cell.y, cell.w, cell.h],
      segmentation: segmentation(cell, k % 3 === 0 ? 'rle' : 'polygons'),
    })),
  };
}

function document(random: Random): Record<string, unknown> {
  const images = random.chance(0.5) ? IMAGES : IMAGES.map((image, k) => ({ ...image, id: k }));
  const annotations = results(random, random.pick(['rle', 'polygons'])).map((record, id) => ({ id, ...record }));
  const parts: Record<string, unknown>[] = [{ images }, { annotations }, { categories: [{ id: 1, name: 'cell' }] }];
  return Object.assign({}, ...(random.chance(0.5) ? parts : parts.reverse()));
}

// --- damage to text ---

function damageText(content: unknown, random: Random, told: string[]): Uint8Array {
  let written = JSON.stringify(content, null, random.chance(0.2) ? 1 : undefined);
  const times = random.pick([0, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
  let bytes: Uint8Array | null = null;
  for (let n = 0; n < times; n++) {
    if (bytes || random.chance(0.25)) bytes = damageBytes(bytes ?? text(written), random, told, 1);
    else written = edit(written, random, told);
  }
  return bytes ?? text(written);
}

const NUMBERS = [
  ...[
    '1e999',
    '-1e999',
    '-0',
    '0',
    'NaN',
    '-NaN',
    'Infinity',
    '-Infinity',
    '1e-999',
    '1e308',
    '-1e308',
    '1e7',
    '-9999999',
  ],
  ...[
    '9007199254740993',
    '123456789012345678901234567890',
    '4294967296',
    '2147483648',
    '-2147483649',
    '65536',
    '0.1e',
    '1.',
  ],
  ...[
    '.5',
    '00',
    '0x10',
    '-',
    '+1',
    '1e',
    '1e+',
    '--1',
    '1_000',
    '"7"',
    '"text"',
    '""',
    'null',
    'true',
    'false',
    '[]',
    '{}',
  ],
  ...[
    '[1]',
    '[[1]]',
    '{"a":1}',
    'undefined',
    'nan',
    '1,2',
    '0.30000000000000004',
    '1e-7',
    '5e-324',
    `1${'0'.repeat(400)}`,
  ],
  ...[`0.${'1'.repeat(3000)}`, '9'.repeat(20000), '\\u0031', "'1'", '1//x', '1/*x*/', '70', '52', '3640', '101', '-1'],
];

const EDITS: Record<string, (text: string, random: Random) => string> = {
  'a number replaced': (text, random) =>
    replaceOne(text, /(?<![\w."])-?\d+(\.\d+)?/g, random, () => random.pick(NUMBERS)),
  'some numbers replaced': (text, random) => {
    const other = random.pick(NUMBERS);
    return text.replace(/(?<![\w."])-?\d+(\.\d+)?/g, (number) => (random.chance(0.02) ? other : number));
  },
  'one key’s numbers replaced': (text, random) => {
    const key = random.pick([
      'score',
      'image_id',
      'category_id',
      'id',
      'area',
      'iscrowd',
      'mask_score',
      'width',
      'height',
    ]);
    const other = random.pick(NUMBERS);
    return text.replaceAll(new RegExp(`"${key}":\\s*[-\\d.]+`, 'g'), `"${key}":${other}`);
  },
  'a value nested deep': (text, random) => {
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
      ['[', ''],
      ['[{"a":', '}]'],
    ] as const);
    const depth = 1 + random.upTo(100_000);
    return replaceOne(
      text,
      /(?<=:\s*)(-?\d+(\.\d+)?|"[^"]*")/g,
      random,
      (value) => open.repeat(depth) + value + close.repeat(depth),
    );
  },
  'huge ids': (text, random) => {
    const by = random.pick(['0'.repeat(15), '0'.repeat(300), '.5', 'e400']);
    return text.replaceAll(/("(?:image_)?id":\s*\d+)/g, (id) => (random.chance(0.3) ? id + by : id));
  },
  'a key twice': (text, random) => {
    const field = random.pick([
      ...[
        '"score":0.5',
        '"image_id":101',
        '"image_id":"x"',
        '"segmentation":null',
        '"segmentation":[]',
        '"bbox":[1,2,3,4]',
      ],
      ...['"bbox":null', '"counts":"0"', '"counts":[3640]', '"size":[52,70]', '"size":[70,52]', '"annotations":[]'],
      ...['"images":[]', '"images":[{"id":1,"file_name":"x","width":5,"height":5}]', '"category_id":2', '"iscrowd":1'],
    ]);
    return insert(text, /\{(?=")|,(?=\s*"\w+":)/g, random, (found) => `${found}${field},`);
  },
  'escapes in a string': (text, random) => {
    const inserted = random.pick([
      ...[
        '\\u0041',
        '\\\\',
        '\\/',
        '\\n',
        '\\ud800',
        '\\u0000',
        '\\x41',
        '\\u12',
        '\\',
        '\\"',
        '\\u0030',
        '\\b',
        '\u0001',
      ],
      ...[
        '\\u006f',
        '\\uFFFF',
        '\u00e9',
        '\u{1f9ec}',
        '~',
        'p',
        '/',
        ' ',
        'oooooooooooooo',
        'ooooooooO',
        'PPPPPPPP',
        '0',
        '1',
      ],
    ]);
    return replaceOne(text, /"[^"]+"/g, random, (found) => {
      const at = 1 + random.below(found.length - 1);
      return found.slice(0, at) + inserted + found.slice(random.chance(0.5) ? at : Math.min(at + 1, found.length - 1));
    });
  },
  'a run-length string made up': (text, random) =>
    replaceOne(text, /(?<="counts":\s*")[^"]*/g, random, () =>
      Array.from({ length: random.upTo(5000) }, () => String.fromCharCode(48 + random.below(64)))
        .join('')
        .replaceAll('\\', '\\\\'),
    ),
  'runs made up': (text, random) =>
    replaceOne(text, /\{"size"[^}]*\}/g, random, () => {
      const size = random.pick([
        '[52,70]',
        '[0,0]',
        '[-52,-70]',
        '[1e9,1e9]',
        '[70,52]',
        '[52]',
        '[52,70,1]',
        '[3640,1]',
      ]);
      const runs = Array.from({ length: random.upTo(3000) }, () =>
        random.chance(0.99) ? random.upTo(60) : random.pick([1e12, -5, 0.5, 2 ** 32]),
      );
      const sum = runs.reduce((a, b) => a + b, 0);
      return `{"size":${size},"counts":${JSON.stringify(random.chance(0.5) ? [...runs, 3640 - sum] : runs)}}`;
    }),
  'a polygon made up': (text, random) =>
    replaceOne(text, /(?<="segmentation":\s*)(\{[^}]*\}|\[\[[^\]]*\]\])/g, random, () => {
      const points = random.upTo(2000);
      const reach = random.pick([1, 70, 1000, 1e7, 1e6]);
      const ring = () => Array.from({ length: 2 * points + random.below(2) }, () => (random.real() - 0.3) * reach);
      return JSON.stringify(Array.from({ length: random.upTo(8) }, ring));
    }),
  'a comma too many': (text, random) => insert(text, /[\]},]/g, random, (found) => `,${found}`),
  'a comma too few': (text, random) => replaceOne(text, /,/g, random, () => ' '),
  'a bracket lost': (text, random) => replaceOne(text, /[[\]{}]/g, random, () => ''),
  'a bracket turned': (text, random) =>
    replaceOne(text, /[[\]{}]/g, random, (found) => ({ '[': '{', ']': '}', '{': '[', '}': ']' })[found]!),
  'a quote lost': (text, random) => replaceOne(text, /"/g, random, () => ''),
  'other quotes': (text) => text.replaceAll('"', "'"),
  'lines of Windows': (text) => text.replaceAll(/([,[{])/g, '$1\r\n'),
  'a byte-order mark': (text) => `\uFEFF${text}`,
  'two byte-order marks': (text) => `\uFEFF\uFEFF${text}`,
  'white space': (text, random) =>
    insert(
      text,
      /[:,[{]/g,
      random,
      (found) => found + random.pick([' ', '\t', '\v', '\f', '\u00a0', '\0']).repeat(random.upTo(100_000)),
    ),
  'a key renamed': (text, random) =>
    replaceOne(text, /"\w+"(?=:)/g, random, () =>
      random.pick([
        '"x"',
        '""',
        '"__proto__"',
        '"constructor"',
        '"Image_ID"',
        '"imageId"',
        '"toString"',
        '"id"',
        '"images"',
      ]),
    ),
  'a long string': (text, random) =>
    replaceOne(
      text,
      /"[^"]*"/g,
      random,
      () => `"${random.pick(['A', '\\u0041', '\\\\', 'é']).repeat(random.upTo(300_000))}"`,
    ),
  'a comment': (text, random) =>
    insert(text, /[,{]/g, random, (found) => `${found}${random.pick(['//x\n', '/* x */', '#x\n'])}`),
  'a piece twice': (text, random) => {
    const from = random.below(text.length);
    const to = from + random.upTo(text.length - from + 1);
    return text.slice(0, to) + text.slice(from);
  },
  'a piece lost': (text, random) => {
    const from = random.below(text.length);
    return text.slice(0, from) + text.slice(from + random.upTo(text.length - from + 1));
  },
  'the end lost': (text, random) => text.slice(0, random.below(text.length + 1)),
  'all of it twice': (text) => text + text,
  'something behind it': (text, random) => text + random.pick(['x', ']', '}', ',', 'null', '\0', '[]', '\n\n[]', '"']),
  'a line per record': (text) => text.slice(1, -1).replaceAll('},{', '}\n{'),
  'wrapped in a list': (text) => `[${text}]`,
  'wrapped in an object': (text, random) => `{"${random.pick(['annotations', 'results', 'images'])}":${text}}`,
  emptied: (_, random) =>
    random.pick([
      '',
      ' ',
      '[]',
      '{}',
      '[{}]',
      '[[]]',
      'null',
      '0',
      '""',
      '[',
      '{',
      '{"',
      '[{"',
      '{"annotations":{}}',
      '[{"image_id":',
    ]),
};

function edit(content: string, random: Random, told: string[]): string {
  const name = random.pick(Object.keys(EDITS));
  told.push(name);
  return EDITS[name](content, random);
}

/** Replaces one match, chosen by chance. */
function replaceOne(content: string, pattern: RegExp, random: Random, by: (found: string) => string): string {
  const found = [...content.matchAll(pattern)];
  if (found.length === 0) return content;
  const { 0: match, index } = random.pick(found);
  return content.slice(0, index) + by(match) + content.slice(index + match.length);
}

const insert = replaceOne;

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function plainOrDamaged(random: Random, told: string[]): Uint8Array {
  if (random.chance(0.3)) return damageText(results(random, 'rle'), random, told);
  return text(JSON.stringify(random.chance(0.8) ? results(random, 'rle') : document(random)));
}

// --- damage to bytes ---

function damageBytes(good: Uint8Array, random: Random, told: string[], times: number): Uint8Array {
  let bytes = Uint8Array.from(good);
  for (let n = 0; n < times; n++) {
    const how = random.pick(['cut', 'flipped', 'flipped', 'set', 'zeros', 'twice', 'tail', 'utf8', 'shifted']);
    told.push(`bytes ${how}`);
    const at = random.below(bytes.length + 1);
    if (how === 'cut') bytes = bytes.slice(0, at);
    else if (how === 'flipped')
      for (let k = random.upTo(20); k >= 0; k--) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    else if (how === 'set') bytes.fill(random.below(256), at, at + random.upTo(20));
    else if (how === 'zeros') bytes.fill(0, at);
    else if (how === 'twice') bytes = concat(bytes, bytes);
    else if (how === 'tail')
      bytes = concat(
        bytes,
        Uint8Array.from({ length: random.upTo(300) }, () => random.below(256)),
      );
    else if (how === 'shifted') bytes = concat(bytes.slice(0, at), bytes.slice(at + 1));
    // not UTF-8: a lone continuation, a cut sequence, an overlong one, a surrogate
    else
      bytes = concat(
        bytes.slice(0, at),
        Uint8Array.from(random.pick([[0x80], [0xe2, 0x82], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff]])),
        bytes.slice(at),
      );
  }
  return bytes;
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// --- archives ---

const MEGABYTE = 1 << 20;
const bombs = new Map<string, Uint8Array<ArrayBuffer>>();

/** Something of `megabytes` that shrinks to almost nothing: one packed megabyte, over and over. */
function bomb(what: string, megabytes: number): Uint8Array<ArrayBuffer> {
  const key = `${what} ${megabytes}`;
  let made = bombs.get(key);
  if (!made) {
    const piece = Buffer.alloc(MEGABYTE, what);
    const packed = deflateRawSync(piece, { finishFlush: constants.Z_FULL_FLUSH });
    let checksum = 0;
    for (let n = 0; n < megabytes; n++) checksum = crc32(piece, checksum);
    const tail = new DataView(new ArrayBuffer(10));
    tail.setUint16(0, 0x0003, true); // an empty last block
    tail.setUint32(2, checksum, true);
    tail.setUint32(6, megabytes * MEGABYTE, true);
    const head = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
    made = concat(head, ...Array.from({ length: megabytes }, () => packed), new Uint8Array(tail.buffer));
    bombs.set(key, made);
  }
  return made;
}

function gzipBomb(random: Random, told: string[]): Uint8Array {
  const what = random.pick(['\0', ' ', '[', '{"a":', '1', '"', '[]\n', '{"image_id":1},']);
  const megabytes = random.pick([1, 30, 150, 300]);
  told.push(`${megabytes} MB of ${JSON.stringify(what)}`);
  const start = gzipSync(
    text(random.pick(['', '[', '[{"image_id":', '[{"image_id":100,"score":', '[{"x":"', '{"info":'])),
  );
  let bytes = concat(start, bomb(what, megabytes));
  if (random.chance(0.2)) bytes = Uint8Array.from(gzipSync(bytes));
  return random.chance(0.2) ? zipOf({ 'a.json.gz': [bytes, { level: 0 }] }) : bytes;
}

const MEMBERS = [
  'a.json',
  '../../a.json',
  '/etc/a.json',
  'C:\\a.json',
  'a\\b.json',
  'results',
  '',
  '.',
  '..',
  '../',
  'a.json/',
  'x\0y.json',
];

/** The same bytes at any time and in any time zone. */
function zipOf(members: Zippable): Uint8Array {
  return zipSync(members, { mtime: new Date(2020, 0, 1) });
}

function damagedZip(random: Random, told: string[]): Uint8Array {
  let inner = plainOrDamaged(random, told);
  if (random.chance(0.2)) inner = gzipSync(inner);
  for (let depth = random.chance(0.15) ? random.upTo(6) : 0; depth > 0; depth--) {
    told.push('nested');
    inner = zipOf({ [random.pick(['a.zip', 'a.json'])]: inner });
  }
  const members: Zippable = {};
  const name = random.chance(0.6) ? 'a.json' : random.pick(MEMBERS);
  told.push(JSON.stringify(name));
  members[name] = [inner, { level: random.pick([0, 6]) }];
  if (random.chance(0.2)) members[random.pick([...MEMBERS, 'README.md', '__MACOSX/._a.json', 'b.png'])] = inner;
  return lieInZip(zipOf(members), random, told);
}

function zipBomb(random: Random, told: string[]): Uint8Array {
  const many = random.pick([1, 3, 40]);
  const megabytes = random.pick([1, 30, 100]);
  told.push(`${many} × ${megabytes} MB`);
  const packed = bomb('\0', megabytes);
  // the deflate stream inside the gzip one, so that a member can be made without unpacking it
  const raw = packed.subarray(10, packed.length - 8);
  const names = Array.from({ length: many }, (_, k) =>
    many === 1 ? 'a.json' : `${IMAGES[k % 4].file_name.slice(0, -4)}${k > 3 ? k : ''}.png`,
  );
  return storedZip(
    names.map((name) => ({ name, data: raw, method: 8, bytes: random.chance(0.5) ? megabytes * MEGABYTE : 1000 })),
    random.chance(0.3),
  );
}

/** Build a zip with the given directory; with `overlapping`, all members share the same bytes. */
function storedZip(
  members: { name: string; data: Uint8Array; method: number; bytes: number }[],
  overlapping = false,
): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [k, { name, data, method, bytes }] of members.entries()) {
    const nameBytes = text(name);
    const header = (signature: number, length: number): DataView<ArrayBuffer> => {
      const view = new DataView(new ArrayBuffer(length));
      const shift = length === 46 ? 2 : 0;
      view.setUint32(0, signature, true);
      view.setUint16(4 + shift, 20, true);
      view.setUint16(8 + shift, method, true);
      view.setUint32(18 + shift, data.length, true);
      view.setUint32(22 + shift, bytes, true);
      view.setUint16(26 + shift, nameBytes.length, true);
      return view;
    };
    const central = header(0x02014b50, 46);
    central.setUint32(42, overlapping ? 0 : at, true);
    directory.push(new Uint8Array(central.buffer), nameBytes);
    if (overlapping && k > 0) continue;
    const local = concat(new Uint8Array(header(0x04034b50, 30).buffer), nameBytes, data);
    locals.push(local);
    at += local.length;
  }
  const list = concat(...directory);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, members.length, true);
  end.setUint16(10, members.length, true);
  end.setUint32(12, list.length, true);
  end.setUint32(16, at, true);
  return concat(...locals, list, new Uint8Array(end.buffer));
}

/** Damage, aimed at headers as often as not. */
function lieInZip(good: Uint8Array, random: Random, told: string[]): Uint8Array {
  if (random.chance(0.3)) return good;
  if (random.chance(0.5)) return damageBytes(good, random, told, 1);
  const bytes = Uint8Array.from(good);
  const view = new DataView(bytes.buffer);
  const headers: number[] = [];
  for (let at = 0; at + 46 < bytes.length; at++)
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] < 9) headers.push(at);
  if (headers.length === 0) return bytes;
  const at = random.pick(headers) + 4 + 2 * random.below(21);
  told.push(`zip header at ${at}`);
  const lie = random.pick([0, 1, 0xffff, 0x7fff, 8, 9, 99, random.below(65536)]);
  if (at + 4 <= bytes.length) {
    if (random.chance(0.5)) view.setUint16(at, lie, true);
    else view.setUint32(at, random.pick([0, 1, 0xffffffff, 0x7fffffff, random.below(2 ** 32)]), true);
  }
  return bytes;
}

// --- label images ---

const FOLDER = join(import.meta.dirname, '../fixtures/labels');
const LABELS = readdirSync(FOLDER).filter((name) => /\.(png|tif)$/.test(name));
const SUFFIXES = ['', '_cp_masks', '_masks', '_label', '_labels', '_cp_masks_masks', '_other', '.ome'];

function labelArchive(random: Random, told: string[]): Uint8Array {
  const members: Zippable = {};
  // the last two share a file
  for (const { file_name } of random.chance(0.05) ? IMAGES : IMAGES.slice(0, 4)) {
    if (random.chance(0.4)) continue;
    const from = random.pick(random.chance(0.8) ? LABELS.filter((name) => !name.startsWith('bad_')) : LABELS);
    let bytes: Uint8Array = new Uint8Array(readFileSync(join(FOLDER, from)));
    told.push(from);
    if (random.chance(0.6))
      bytes = random.chance(0.6)
        ? lieInImage(bytes, random, told)
        : damageBytes(bytes, random, told, 1 + random.below(2));
    const folder = random.pick(['', '', 'masks/', '../', './', 'a/b/c/', '__MACOSX/', '/']);
    const name = `${folder}${file_name.slice(0, -4)}${random.chance(0.7) ? '_cp_masks' : random.pick(SUFFIXES)}${from.slice(-4)}`;
    members[random.chance(0.03) ? random.pick(MEMBERS) : name] = [bytes, { level: random.pick([0, 6]) }];
  }
  if (random.chance(0.1))
    members[random.pick(['README.txt', 'Thumbs.db', 'a.npy', 'a.json', 'a.jpg', 'masks/'])] = new Uint8Array(100);
  return random.chance(0.15) ? lieInZip(zipOf(members), random, told) : zipOf(members);
}

const LIES = [
  0, 1, 2, 3, 4, 7, 8, 16, 17, 31, 32, 33, 64, 255, 256, 32768, 32773, 65535, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** A field of a header set to something else; the archive around it is healthy. */
function lieInImage(bytes: Uint8Array, random: Random, told: string[]): Uint8Array {
  const view = new DataView(bytes.buffer);
  const lie = random.chance(0.7) ? random.pick(LIES) : random.below(2 ** 32);
  if (bytes[0] === 0x89) {
    if (random.chance(0.3)) return pngWith(bytes, random, told);
    // the header's fields, a chunk's length or its type
    const at = random.pick([8, 12, 16, 20, 24, 25, 26, 27, 28, 33, 37, 41]);
    told.push(`PNG field at ${at} = ${lie}`);
    if (at >= 24 && at <= 28) bytes[at] = lie & 255;
    else view.setUint32(at, lie);
    return bytes;
  }
  const little = bytes[0] === 0x49;
  const directory = view.getUint32(4, little);
  if (random.chance(0.1) || directory + 2 > bytes.length) {
    told.push(`TIFF directory at ${lie}`);
    view.setUint32(4, lie, little);
    return bytes;
  }
  const count = view.getUint16(directory, little);
  const entry = directory + 2 + 12 * random.below(count);
  const field = random.pick([0, 2, 4, 8, 8, 8]);
  if (entry + 12 > bytes.length) return bytes;
  told.push(`TIFF tag ${view.getUint16(entry, little)} + ${field} = ${lie}`);
  if (field < 4)
    view.setUint16(
      entry + field,
      random.pick([...LIES, 256, 257, 258, 259, 273, 277, 278, 279, 317, 322, 323, 324, 325, 339]) & 0xffff,
      little,
    );
  else if (field === 8 && view.getUint16(entry + 2, little) === 3) view.setUint16(entry + 8, lie & 0xffff, little);
  else view.setUint32(entry + field, lie, little);
  return bytes;
}

/** The same header with pixels that unpack to something else: too many, too few, or to no end. */
function pngWith(bytes: Uint8Array, random: Random, told: string[]): Uint8Array {
  const rows = random.pick([0, 1, 51, 53, 5000, 200_000]);
  told.push(`PNG with ${rows} rows`);
  const data = (random.chance(0.9) ? deflateSync : deflateRawSync)(Buffer.alloc(rows * 141, random.below(6)));
  const chunk = new Uint8Array(12 + data.length);
  new DataView(chunk.buffer).setUint32(0, data.length);
  chunk.set(text('IDAT'), 4);
  chunk.set(data, 8);
  return concat(bytes.subarray(0, 33), chunk, bytes.subarray(bytes.length - 12));
}

// --- files that are well formed and too much ---

function tooMuch(random: Random, told: string[]): Uint8Array {
  const record = JSON.stringify(results(random, random.pick(['rle', 'polygons', 'none']))[0]);
  const how = random.pick([
    'records',
    'one record',
    'zigzag',
    'scattered',
    'polygons',
    'categories',
    'names',
    'members',
  ]);
  told.push(how);
  switch (how) {
    case 'records':
      return text(`[${`${record},`.repeat(random.pick([5_000, 60_000]))}${record}]`);
    case 'one record':
      return text(`[{"image_id":100,"score":1,"x":[${'0,'.repeat(random.pick([1e5, 9e6]))}0],"bbox":[1,2,3,4]}]`);
    case 'zigzag': {
      const ring = Array.from({ length: random.pick([1_000, 90_000]) }, (_, k) => [k % 2 ? 70 : 0, k % 52]);
      return text(JSON.stringify([{ image_id: 100, score: 1, segmentation: [ring.flat()] }]));
    }
    case 'scattered': {
      const counts = [0, ...Array.from({ length: 3639 }, () => 1), 1];
      const scattered = {
        image_id: 100,
        score: 1,
        segmentation: { size: [HEIGHT, WIDTH], counts: encodeCounts(counts) },
      };
      return text(JSON.stringify(Array.from({ length: random.pick([100, 3_000]) }, () => scattered)));
    }
    case 'polygons':
      return text(
        JSON.stringify([
          {
            image_id: 100,
            score: 1,
            segmentation: Array.from({ length: random.pick([500, 12_000]) }, (_, k) => [k % 60, 0, k % 60, 40, 10, 40]),
          },
        ]),
      );
    case 'categories':
      return text(
        JSON.stringify(
          Array.from({ length: random.pick([100, 20_000]) }, (_, k) => ({
            image_id: 100,
            category_id: k,
            score: 1,
            bbox: [1, 1, 5, 5],
          })),
        ),
      );
    case 'names':
      return text(
        JSON.stringify(
          Array.from({ length: random.pick([500, 30_000]) }, (_, k) => ({
            image_id: `name ${k}`,
            score: k / 0.3,
            bbox: [1, 1, 5, 5],
          })),
        ),
      );
    default: {
      const data = new Uint8Array(1);
      return storedZip(
        Array.from({ length: random.pick([300, 25_000]) }, (_, k) => ({
          name: `a/${k}.png`,
          data,
          method: 0,
          bytes: 1,
        })),
      );
    }
  }
}
