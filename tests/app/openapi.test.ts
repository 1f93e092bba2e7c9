import { expect, test } from 'vitest';
import { openApi } from '#lib/http/openapi.ts';

type Json = Record<string, unknown>;

// as it is served
const document = JSON.parse(JSON.stringify(openApi('https://example.org', '1'))) as {
  paths: Record<string, Record<string, { parameters: Json[]; responses: Record<string, { content?: Json }> }>>;
  components: { schemas: Record<string, Json> };
};

function* nodesOf(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const one of Object.values(value)) yield* nodesOf(one);
}

test('bodies refer to named schemas, and every reference leads to one', () => {
  const referred = new Set<string>();
  for (const { $ref } of nodesOf(document)) if (typeof $ref === 'string') referred.add($ref);
  const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect([...referred].sort()).toEqual(named.sort());
  expect(named).toContain('#/components/schemas/NewSubmission');
});

test('every problem is the same schema', () => {
  const problems = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ responses }) => Object.values(responses))
    .flatMap(({ content }) => content?.['application/problem+json'] ?? []);
  expect(problems.length).toBeGreaterThan(10);
  for (const problem of problems) expect(problem).toEqual({ schema: { $ref: '#/components/schemas/Problem' } });
});

test('a header is required unless the table says that it is optional', () => {
  const headersOf = (path: string, method: string) =>
    Object.fromEntries(
      document.paths[path][method].parameters
        .filter((parameter) => parameter.in === 'header')
        .map(({ name, required = false }) => [name, required]),
    );
  expect(headersOf('/api/uploads', 'post')).toEqual({
    'Tus-Resumable': true,
    'Upload-Length': true,
    'Upload-Metadata': false,
  });
  expect(headersOf('/api/uploads/{id}', 'patch')).toEqual({
    'Tus-Resumable': true,
    'Upload-Offset': true,
    'Upload-Checksum': false,
  });
});
