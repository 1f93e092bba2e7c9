/**
 * Built scripts and styles with Brotli, which makes them a sixth smaller than the gzip that Next sends. They never
 * change under their names, so each is compressed once and kept: all of a build are a few megabytes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { chooseEncoding } from '#lib/http/page-cache.ts';
import type { Handler } from './front.ts';

const compress = promisify(brotliCompress);

/** A file of the build, without anything that could lead out of its folder. */
const BUILT = /^\/_next\/static\/((?:[\w~-][\w.~-]*\/)*[\w~-][\w.~-]*\.(js|css))(?:\?|$)/;
const TYPES: Readonly<Record<string, string>> = {
  js: 'application/javascript; charset=UTF-8',
  css: 'text/css; charset=UTF-8',
};
/** The smallest: what every page loads is compressed when the process starts, the rest when it is first asked for. */
const QUALITY = 11;

/**
 * Send built files with Brotli to those who accept it, and leave everything else to Next.
 *
 * @param folder `.next/static`
 */
export function withBrotli(handle: Handler, folder: string): Handler {
  const made = new Map<string, Promise<Buffer | null>>();
  const bodyOf = (name: string) => {
    const found =
      made.get(name) ??
      readFile(join(folder, name)).then(
        (bytes) => compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
        () => null,
      );
    made.set(name, found);
    return found;
  };
  void namesOfAllPages(folder).then((names) => names.forEach(bodyOf));
  return async (request, response) => {
    const [, name, ending] = (request.method === 'GET' && BUILT.exec(request.url ?? '')) || [];
    if (!name || chooseEncoding(request.headers['accept-encoding'] as string | undefined) !== 'br')
      return handle(request, response);
    const body = await bodyOf(name);
    if (!body) {
      // what is not there is not kept: names can be made up without end
      made.delete(name);
      return handle(request, response);
    }
    response.writeHead(200, {
      'content-type': TYPES[ending],
      'content-encoding': 'br',
      'content-length': body.length,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    response.end(body);
  };
}

/** Return the scripts that every page loads, as Next's build lists them; none where there is no such list. */
async function namesOfAllPages(folder: string): Promise<string[]> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, '..', 'build-manifest.json'), 'utf8'));
    return (manifest.rootMainFiles as string[]).map((path) => path.replace(/^static\//, ''));
  } catch {
    return [];
  }
}
