/** Traces are sent to a small receiver on this machine. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logContext, withLogContext } from '#lib/log.ts';
import {
  addFinishedSpans,
  flushTraces,
  isTracing,
  startTracing,
  stopTracing,
  traceOfUpload,
  withSpan,
} from '#lib/tracing.ts';

interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code?: number; message?: string };
}

const received: ReceivedSpan[] = [];
let receiver: Server;

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    expect(request.url).toBe('/v1/traces');
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
    for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) received.push(...spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await stopTracing();
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  receiver.closeAllConnections();
  receiver.close();
});

const UPLOAD = '0f8fad5b-d9cb-469f-a165-70867728950e';

it('does nothing without an endpoint', async () => {
  await startTracing('web');
  expect(isTracing()).toBe(false);
  expect(traceOfUpload(UPLOAD)).toBeUndefined();
  expect(await withSpan('x', {}, async () => logContext().traceparent)).toBeUndefined();
});

it('makes one trace of an upload, its pieces, the submission and the job of another process', async () => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  await startTracing('web');
  await withSpan('upload', { rootOfUpload: UPLOAD }, async () => {});
  await withSpan('PATCH /api/uploads/[[...id]]', { parent: traceOfUpload(UPLOAD) }, async () => {});
  let stored: string | undefined;
  await withSpan('submit', { parent: traceOfUpload(UPLOAD) }, async () => {
    stored = logContext().traceparent; // the queue stores it with the job
  });
  await withSpan('job score', { parent: stored }, async () => {
    addFinishedSpans([
      { name: 'read', seconds: 0.5 },
      { name: 'match', seconds: 0.25 },
    ]);
    await withSpan('save', {}, async () => {});
  });
  await withSpan('elsewhere', {}, async () => {});
  const failing = withSpan('fails', { parent: stored }, async () => {
    throw new Error('of ada@example.org');
  });
  await expect(failing).rejects.toThrow('ada');
  await flushTraces();

  const named = (name: string) => received.find((span) => span.name === name)!;
  const trace = UPLOAD.replaceAll('-', '');
  const root = named('upload');
  expect(root.traceId).toBe(trace);
  expect(root.parentSpanId ?? '').toBe('');
  for (const name of ['PATCH /api/uploads/[[...id]]', 'submit', 'job score', 'read', 'match', 'save'])
    expect(named(name).traceId).toBe(trace);
  expect(named('PATCH /api/uploads/[[...id]]').parentSpanId).toBe(root.spanId);
  expect(named('submit').parentSpanId).toBe(root.spanId);
  expect(named('job score').parentSpanId).toBe(named('submit').spanId);
  for (const name of ['read', 'match', 'save']) expect(named(name).parentSpanId).toBe(named('job score').spanId);
  const lasted = (span: ReceivedSpan) => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9;
  expect(lasted(named('read'))).toBeCloseTo(0.5, 2);
  expect(named('elsewhere').traceId).not.toBe(trace);
  expect(named('fails').status).toMatchObject({ code: 2, message: 'of [e-mail]' });
});

it('ignores a trace context that is none', async () => {
  for (const parent of ['', 'x', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`])
    await withLogContext({}, () =>
      withSpan('root', { parent }, async () => expect(logContext().traceparent).toMatch(/^00-(?!0{32})/)),
    );
});
