import { siteOf } from '#app/_server/site.ts';
import { openApi } from '#lib/http/openapi.ts';
import packageJson from '../../../../package.json' with { type: 'json' };

export const dynamic = 'force-dynamic';

export function GET(request: Request): Response {
  return Response.json(openApi(siteOf(request), packageJson.version));
}
