/** Lists of images that the site gives out are those the command line checks files with. */
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { GET } from '#app/api/v1/datasets/[name]/images/route.ts';
import { db } from '#db/engine/client.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { imageListSchema } from '#lib/http/api.ts';
import { storage } from '#lib/storage.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { someDataset } from '#tests/db/fixtures.ts';
import { livecell } from '#tests/e2e/running-site.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { packReferenceCounts } from '#workers/scoring/counts.ts';
import { openSite } from './site.ts';

openSite();

const dir = temporaryFolder();
let demo: DemoData;

beforeAll(async () => {
  demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 1 });
  const packed = join(dir, 'packed');
  await importGroundTruth(demo.groundTruth, packed);
  const { key } = await storage().put('datasets/cells', createReadStream(packed));
  await someDataset(db(), { name: 'cells', packKey: key });
  const { A172, A549 } = demo.counts;
  const { text } = await packReferenceCounts([
    { slot: 'A172', path: A172.reference },
    { slot: 'A549', path: A549.reference },
  ]);
  writeFileSync(packed, text);
  const counts = await storage().put('datasets/counts', createReadStream(packed));
  await someDataset(db(), { name: 'some counts', task: 'fluorescence-counts', packKey: counts.key });
});

async function listOf(name: string): Promise<{ path: string; text: string }> {
  const response = await GET(new Request('http://localhost/x'), { params: Promise.resolve({ name }) });
  expect(response.status).toBe(200);
  const text = await response.text();
  imageListSchema.strict().parse(JSON.parse(text));
  const path = join(dir, `${name}.json`);
  writeFileSync(path, text);
  return { path, text };
}

const validate = (...args: string[]) => livecell(['validate', ...args], { LIVECELL_DATA: join(dir, 'none') });

test('the images of a series of counts are its file names, and stand in for it', async () => {
  const { path, text } = await listOf('some counts');
  const { images } = JSON.parse(text);
  expect(images[0]).toEqual({ id: images[0].file_name, file_name: expect.stringMatching(/\.tif$/), cellType: 'A172' });
  expect(new Set(images.map(({ cellType }: { cellType: string }) => cellType))).toEqual(new Set(['A172', 'A549']));
  const call = ['--task', 'fluorescence-counts', '--images', path, '--predictions'];
  const { A172, A549 } = demo.counts;
  expect(await validate(...call, `A172=${A172.predictions}`)).toMatchObject({ status: 0, stderr: '' });
  expect(await validate(...call, `A549=${A549.predictions}`)).toMatchObject({ status: 0 });
  // counts of the other series are not for these images
  const swapped = await validate(...call, `A172=${A549.predictions}`);
  expect(swapped).toMatchObject({ status: 1 });
});

test('those of ground truth have ids and sizes', async () => {
  const { path, text } = await listOf('cells');
  expect(JSON.parse(text).images[0]).toMatchObject({ id: expect.any(Number), width: 704, height: 520 });
  expect(text).not.toMatch(/segmentation|bbox|area/);
  expect(await validate('--images', path, '--predictions', demo.predictions[0].path)).toMatchObject({ status: 0 });
});
