/** The site's own file store: an S3 bucket if one is set, otherwise a folder in the data folder. */
import { join, resolve } from 'node:path';
import { env } from './env.ts';
import { FileStorage } from './storage/folder.ts';
import type { Storage } from './storage/interface.ts';
import { S3Storage } from './storage/s3.ts';

export { FileStorage } from './storage/folder.ts';
export { checkKey, type Storage, type StoredFile, sha256Of, storageProblem, uploadKey } from './storage/interface.ts';

/** Shared by all copies of this module: connections to an object store are kept. */
const shared = globalThis as typeof globalThis & { livecellStorage?: { settings: string; storage: Storage } };

/** Return the site's own storage. */
export function storage(): Storage {
  const values = env();
  const { LIVECELL_DATA, S3_BUCKET, S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = values;
  const data = resolve(LIVECELL_DATA);
  const settings = JSON.stringify([data, S3_BUCKET, S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY]);
  if (shared.livecellStorage?.settings !== settings) {
    const chosen = S3_BUCKET
      ? new S3Storage({
          bucket: S3_BUCKET,
          endpoint: S3_ENDPOINT,
          region: S3_REGION,
          credentials:
            S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY
              ? { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY }
              : undefined,
          cache: join(data, 'cache'),
          cacheBytes: values.LIVECELL_CACHE_BYTES,
        })
      : new FileStorage(join(data, 'storage'));
    shared.livecellStorage = { settings, storage: chosen };
  }
  return shared.livecellStorage.storage;
}
