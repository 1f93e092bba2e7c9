/** Zip archives as different programs write them, and archives that lie. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

import { afterAll, describe, expect, test } from 'vitest';
import type { FileRejected } from '#lib/problems.ts';
import { Deflate64Error, inflateDeflate64 } from '#lib/readers/deflate64.ts';
import { fileOnDisk } from '#lib/readers/files.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { checkUnpacked, limitUnpacked } from '#lib/readers/unpack-limit.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { openZip } from '#lib/readers/zip.ts';
import fc from '#tests/properties.ts';

const fixtures = join(import.meta.dirname, '../fixtures/zip');
const dir = mkdtempSync(join(tmpdir(), 'livecell-zip-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Member {
  name: string | Uint8Array;
  data: Uint8Array;
  method?: number;
  flags?: number;
  /** what the directory says, if it is not so */
  crc?: number;
  size?: number;
  packedSize?: number;
  extra?: Uint8Array;
}

/** Build an archive from the given members, right or wrong. */
function zipOf(members: Member[], options: { count?: number; disk?: number } = {}): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { data, method = 8, flags = 0, extra = new Uint8Array(), ...member } of members) {
    const name = Buffer.from(member.name as Uint8Array);
    const packed = method === 8 ? deflateRawSync(data) : Buffer.from(data);
    const size = member.packedSize ?? packed.length;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(member.crc ?? crc32(data), 10);
    common.writeUInt32LE(size, 14);
    common.writeUInt32LE(member.size ?? data.length, 18);
    common.writeUInt16LE(name.length, 22);
    common.writeUInt16LE(extra.length, 24);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), common, name, Buffer.from(extra), packed);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, name, Buffer.from(extra));
    at += 4 + common.length + name.length + extra.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(options.disk ?? 0, 4);
  end.writeUInt16LE(options.count ?? members.length, 8);
  end.writeUInt16LE(options.count ?? members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

const TEXT = Buffer.from('[{"image_id": 1, "score": 0.5, "bbox": [0, 0, 2, 2]}]');
const predictions: Member = { name: 'predictions.json', data: TEXT };

async function withZip<Result>(
  bytes: Uint8Array | string,
  use: (opened: Awaited<ReturnType<typeof openZip>>) => Promise<Result> | Result,
) {
  const path = typeof bytes === 'string' ? join(fixtures, bytes) : join(dir, 'archive.zip');
  if (typeof bytes !== 'string') writeFileSync(path, bytes);
  const opened = await openZip(await fileOnDisk(path));
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** The first member in both ways. */
const readBoth = (bytes: Uint8Array | string): Promise<Uint8Array[]> =>
  withZip(bytes, async ({ members: [member] }) =>
    member ? [await member.read(), await collect(member.chunks())] : [],
  );

/** Both ways end in the same problem. */
async function problemOf(bytes: Uint8Array | string): Promise<{ code: string; message: string }> {
  return withZip(bytes, async ({ members: [member] }) => {
    const errors = await Promise.all(
      [() => member.read(), () => collect(member.chunks())].map((read) =>
        read().then(
          () => ({ problem: { code: 'none', message: '' } }),
          (error: FileRejected) => ({ problem: error.problems[0] }),
        ),
      ),
    );
    expect(errors[0].problem.code).toBe(errors[1].problem.code);
    return errors[0].problem;
  });
}

describe('a member', () => {
  test.each([0, 8])('by method %i is read whole and as a stream', async (method) => {
    for (const read of await readBoth(zipOf([{ ...predictions, method }]))) expect(Buffer.from(read)).toEqual(TEXT);
  });

  test.each([0, 8])('by method %i whose checksum is wrong is refused', async (method) => {
    const problem = await problemOf(zipOf([{ ...predictions, method, crc: 1 }]));
    expect(problem).toMatchObject({ code: 'bad-zip', message: expect.stringMatching(/checksum is wrong/) });
  });

  test('with a byte changed behind the archive’s back is refused, by its checksum alone', async () => {
    const bytes = zipOf([{ ...predictions, method: 0 }]);
    bytes[4 + 26 + predictions.name.length + 3] ^= 1;
    expect((await problemOf(bytes)).message).toMatch(/checksum is wrong/);
  });

  test.each([
    ['smaller', TEXT.length - 1],
    ['larger', TEXT.length + 1],
  ])('that is said to be %s than it is is refused', async (_what, size) => {
    expect((await problemOf(zipOf([{ ...predictions, size }]))).code).toBe('bad-zip');
  });

  test('that says it has more packed bytes than the archive makes no room for them', async () => {
    const bytes = zipOf([{ ...predictions, packedSize: 0xfffffff0 }]);
    expect((await problemOf(bytes)).code).toBe('bad-zip');
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(2 ** 31);
  });

  test.each([0, 8, 9])('that is encrypted is refused by name, method %i', async (method) => {
    const problem = await problemOf(
      zipOf([{ ...predictions, method, flags: 1, ...(method === 0 && { size: TEXT.length - 12 }) }]),
    );
    expect(problem.code).toBe('zip-encrypted');
    expect(problem.message).toMatch(/“predictions.json”.*encrypted with a password.*without one/);
  });

  test.each<[number | string, RegExp]>([
    [1, /Shrink/],
    [12, /bzip2/],
    [14, /LZMA/],
    [93, /Zstandard/],
    [95, /xz/],
    [98, /PPMd/],
    [77, /method 77/],
    ['bzip2.zip', /bzip2/],
    ['lzma.zip', /LZMA/],
  ])('by method %s is refused by the method’s name, and the archive is not called damaged', async (method, name) => {
    const problem = await problemOf(typeof method === 'string' ? method : zipOf([{ ...predictions, method }]));
    expect(problem.code).toBe('zip-method');
    expect(problem.message).toMatch(name);
    expect(problem.message).toMatch(/archive is whole.*Deflate/);
    expect(problem.message).not.toMatch(/damaged|Write it again/);
  });
});

describe('names', () => {
  const names = (members: Member[]) => withZip(zipOf(members), ({ members }) => members.map(({ name }) => name));

  test('are UTF-8, flagged or not, or else code page 437, or what Info-ZIP adds', async () => {
    const raw = Uint8Array.of(0x5a, 0x81, 0x72, 0x69, 0x63, 0x68);
    const unicode = Buffer.from('Żółw.json');
    const extra = Buffer.alloc(9 + unicode.length);
    extra.writeUInt16LE(0x7075, 0);
    extra.writeUInt16LE(5 + unicode.length, 2);
    extra[4] = 1;
    extra.writeUInt32LE(crc32(raw), 5);
    extra.set(unicode, 9);
    expect(
      await names([
        { name: 'Zürich.json', data: TEXT, flags: 0x800 },
        { name: 'café.json', data: TEXT },
        { name: raw, data: TEXT },
        { name: raw, data: TEXT, extra },
      ]),
    ).toEqual(['Zürich.json', 'café.json', 'Zürich', 'Żółw.json']);
  });

  test('of folders, hidden files and notes are left out, but never everything', async () => {
    const note = { name: 'README.md', data: TEXT };
    const aside = ['__MACOSX/._a', 'x/', '.DS_Store', 'b/Thumbs.db'].map((name) => ({ name, data: new Uint8Array() }));
    expect(await names([...aside, note, predictions])).toEqual(['predictions.json']);
    expect(await names([...aside, note])).toEqual(['README.md']);
  });
});

describe('an archive', () => {
  test('has at most as many files as the limit says, whatever they are', async () => {
    const one = Buffer.from(zipOf([{ name: 'a.png', data: new Uint8Array(), method: 0 }]));
    const directory = one.subarray(35, one.length - 22);
    const listing = (count: number): Uint8Array => {
      const end = Buffer.from(one.subarray(one.length - 22));
      end.writeUInt16LE(count, 8);
      end.writeUInt16LE(count, 10);
      end.writeUInt32LE(count * directory.length, 12);
      return Buffer.concat([one.subarray(0, 35), ...Array.from({ length: count }, () => directory), end]);
    };
    expect(await withZip(listing(LIMITS.zipMembers), ({ members }) => members.length)).toBe(LIMITS.zipMembers);
    await expect(withZip(listing(LIMITS.zipMembers + 1), () => {})).rejects.toMatchObject({
      problems: [{ code: 'zip-with-too-many-files', message: expect.stringMatching(/20,001 files; at most 20,000/) }],
    });
  });

  test('that is one part of several is called so', async () => {
    await expect(withZip(zipOf([predictions], { disk: 1 }), () => {})).rejects.toMatchObject({
      problems: [{ code: 'zip-split', message: expect.stringMatching(/one part of several/) }],
    });
  });

  test('without its end may be one part of several', async () => {
    const bytes = zipOf([predictions]);
    await expect(withZip(bytes.subarray(0, bytes.length - 30), () => {})).rejects.toMatchObject({
      problems: [{ code: 'bad-zip', message: expect.stringMatching(/its end is missing; one part of several/) }],
    });
  });

  test('cut off anywhere, or with any byte changed, is read right or refused', async () => {
    const whole = Buffer.from(zipOf([predictions, { ...predictions, name: 'b.json', method: 0 }]));
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          cut: fc.option(fc.nat(whole.length)),
          changes: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 3 }),
        }),
        async ({ cut, changes }) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          let read: Uint8Array[] = [];
          try {
            read = await readBoth(bytes.subarray(0, cut ?? bytes.length));
          } catch (error) {
            expect(error).toMatchObject({ problems: [{ code: expect.stringMatching(/^zip-|^bad-zip$/) }] });
          }
          for (const content of read) expect(Buffer.from(content)).toEqual(TEXT);
        },
      ),
    );
  });
});

describe('Deflate64', () => {
  const contents = JSON.parse(readFileSync(join(fixtures, 'contents.json'), 'utf8')) as Record<
    string,
    { bytes: number; sha256: string }
  >;

  test.each(Object.entries(contents))('%s is what was packed', async (name, { bytes, sha256 }) => {
    for (const unpacked of await readBoth(`deflate64-${name.split('.')[0]}.zip`)) {
      expect(unpacked.length).toBe(bytes);
      expect(createHash('sha256').update(unpacked).digest('hex')).toBe(sha256);
    }
  });

  test('a stream of Deflate without its longest length is one of Deflate64, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 100 })), { maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 1, 6, 9),
        async (runs, piece, level) => {
          // no run is longer than 100 bytes, and neighbours differ: Deflate never needs its length of 258
          const data = Buffer.concat(runs.map(([value, n], i) => Buffer.alloc(n, (value & 0xfe) | (i & 1))));
          const packed = deflateRawSync(data, { level });
          const pieces = Array.from({ length: Math.ceil(packed.length / piece) }, (_, i) =>
            packed.subarray(i * piece, (i + 1) * piece),
          );
          expect(await collect(inflateDeflate64(pieces))).toEqual(data);
        },
      ),
    );
  });

  test('any bytes at all end, and cut-off streams are refused', async () => {
    const outcome = (bytes: Uint8Array) =>
      collect(inflateDeflate64([bytes])).then(
        () => 'read',
        (error) => (error instanceof Deflate64Error ? 'refused' : String(error)),
      );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(['read', 'refused']).toContain(await outcome(bytes));
      }),
    );
    const packed = deflateRawSync(TEXT);
    for (let length = 0; length < packed.length; length++)
      expect(await outcome(packed.subarray(0, length))).toBe('refused');
  });

  test('unpacks no further than the archive says', async () => {
    const bytes = readFileSync(join(fixtures, 'deflate64-run.zip'));
    const directory = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    bytes.writeUInt32LE(1000, directory + 24);
    expect(await problemOf(bytes)).toMatchObject({
      code: 'bad-zip',
      message: expect.stringMatching(/larger than the archive says/),
    });
  });
});

describe('how far anything may unpack', () => {
  const start = LIMITS.inflationStart;

  test.each<[number, number, number | undefined, boolean]>([
    [start, 1, undefined, true],
    [start + 1, 1, undefined, false],
    [start + 1, Math.ceil((start + 1) / LIMITS.inflationRatio), undefined, true],
    [start + 1, Math.floor(start / LIMITS.inflationRatio), undefined, false],
    [start + 1, Math.floor(start / LIMITS.inflationRatio), LIMITS.labelInflationRatio, true],
    [LIMITS.inflatedBytes, LIMITS.bytes, undefined, true],
    [LIMITS.inflatedBytes + 1, LIMITS.bytes, undefined, false],
  ])('%d bytes of %d packed ones, ratio %s: %s', (total, packed, ratio, allowed) => {
    const check = () => checkUnpacked(total, ratio === undefined ? { packed } : { packed, ratio });
    if (allowed) expect(check).not.toThrow();
    else
      expect(check).toThrow(
        expect.objectContaining({ problems: [expect.objectContaining({ code: 'inflates-too-far' })] }),
      );
  });

  test('a stream ends before the piece that is too much', async () => {
    let passed = 0;
    const endless = async function* () {
      for (;;) yield new Uint8Array(1 << 24);
    };
    const reading = async () => {
      for await (const chunk of limitUnpacked(endless(), { packed: 1000, name: 'A172.json' })) passed += chunk.length;
    };
    await expect(reading()).rejects.toThrow(/“A172.json” unpacks to more than 200 times its size/);
    expect(passed).toBe(start);
  });
});

test('label images in an archive that cannot be read are told so, and not called damaged', async () => {
  const groundTruth = join(dir, 'images.json');
  writeFileSync(groundTruth, JSON.stringify([{ id: 1, file_name: 'a.png', width: 70, height: 52 }]));
  const label = readFileSync(join(import.meta.dirname, '../fixtures/labels/pillow_u16.png'));
  const archive = join(dir, 'labels.zip');
  for (const [wrong, code] of [
    [{ flags: 1 }, 'zip-encrypted'],
    [{ method: 14 }, 'zip-method'],
  ] as const) {
    writeFileSync(archive, zipOf([{ name: 'a.png', data: label, ...wrong }]));
    const { problems } = await validateFile({ groundTruth, predictions: archive });
    expect(problems.map((problem) => problem.code)).toEqual([code]);
  }
});
