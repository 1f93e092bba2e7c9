/**
 * OpenTelemetry traces, from the first byte of an upload to the saved score. Nothing of OpenTelemetry is loaded unless
 * OTEL_EXPORTER_OTLP_ENDPOINT is set.
 *
 * An upload, its pieces, the submission made of it and its job are one trace, although they are requests minutes apart
 * and another process: the trace has the upload's id, so that nothing needs to be remembered until the job is queued,
 * which stores the trace context (`db/queue/queue.ts`).
 *
 *   upload (root) ─┬─ PATCH /api/uploads/[id] …
 *                  └─ submit ── job score ─┬─ read ─ match ─ accumulate
 *                                          └─ save
 */
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { cleanText, log, logContext, withLogContext } from './log.ts';

interface Tracing {
  tracer: Tracer;
  /** the parent's context for `startSpan`; undefined: a new trace */
  parentOf(traceparent: string | undefined): Context;
  /** ids of the next root span */
  nextRoot: { traceId: string; spanId: string } | null;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Shared by all copies of this module: Next compiles modules several times. */
const shared = globalThis as typeof globalThis & { livecellTracing?: Tracing };

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Start collecting traces if an endpoint is configured. @param service name of this process: `web` or `worker` */
export async function startTracing(service: string, exporter?: SpanExporter): Promise<void> {
  if (shared.livecellTracing) return;
  const wanted = process.env.OTEL_EXPORTER_OTLP_ENDPOINT || process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (!exporter && !wanted) return;
  const [api, sdk, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
  ]);
  const sink = exporter ?? new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
  const random = new sdk.RandomIdGenerator();
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': process.env.OTEL_SERVICE_NAME || `livecell-${service}`,
      'service.instance.id': `${process.pid}`,
    }),
    spanProcessors: [new sdk.BatchSpanProcessor(sink, { scheduledDelayMillis: 2000 })],
    idGenerator: {
      generateTraceId: () => tracing.nextRoot?.traceId ?? random.generateTraceId(),
      generateSpanId: () => tracing.nextRoot?.spanId ?? random.generateSpanId(),
    },
  });
  const tracing: Tracing = {
    tracer: provider.getTracer('livecell'),
    nextRoot: null,
    parentOf(traceparent) {
      const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
      if (!traceId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return api.ROOT_CONTEXT;
      const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
      return api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
    },
    flush: () => provider.forceFlush(),
    stop: () => provider.shutdown(),
  };
  shared.livecellTracing = tracing;
}

/** Send what was collected, before the process ends. */
export async function stopTracing(): Promise<void> {
  const tracing = shared.livecellTracing;
  shared.livecellTracing = undefined;
  await tracing?.stop().catch((error) => log.warn('traces-not-sent', { error }));
}

/** Send what was collected so far. */
export async function flushTraces(): Promise<void> {
  await shared.livecellTracing?.flush();
}

export function isTracing(): boolean {
  return shared.livecellTracing !== undefined;
}

/** Return the trace context of an upload; undefined if the text is no upload's id, or traces are not collected. */
export function traceOfUpload(id: string | undefined): string | undefined {
  if (!shared.livecellTracing || id === undefined || !UUID.test(id)) return undefined;
  const hex = id.replaceAll('-', '');
  return `00-${hex}-${hex.slice(16)}-01`;
}

interface SpanOptions {
  attributes?: Attributes;
  /** W3C trace context; absent: the span that runs now */
  parent?: string;
  /** the span is the root of this upload's trace */
  rootOfUpload?: string;
}

/** Run within a span. Without a configured endpoint, only run. The trace context is that of `logContext()` meanwhile. */
export async function withSpan<T>(name: string, options: SpanOptions, run: () => Promise<T>): Promise<T> {
  const tracing = shared.livecellTracing;
  if (!tracing) return await run();
  const span = startSpan(tracing, name, options);
  try {
    return await withLogContext({ traceparent: traceparentOf(span) }, run);
  } catch (error) {
    span.setStatus({ code: 2, message: cleanText(error instanceof Error ? error.message : String(error)) });
    throw error;
  } finally {
    span.end();
  }
}

/** Record spans whose durations were measured elsewhere, one after another until now. Durations in seconds. */
export function addFinishedSpans(spans: readonly { name: string; seconds: number }[]): void {
  const tracing = shared.livecellTracing;
  if (!tracing) return;
  let start = Date.now() - spans.reduce((sum, { seconds }) => sum + seconds * 1000, 0);
  const parent = tracing.parentOf(logContext().traceparent);
  for (const { name, seconds } of spans) {
    const span = tracing.tracer.startSpan(name, { startTime: start }, parent);
    start += seconds * 1000;
    span.end(start);
  }
}

function startSpan(tracing: Tracing, name: string, { attributes, parent, rootOfUpload }: SpanOptions): Span {
  const [, traceId, spanId] = TRACEPARENT.exec(traceOfUpload(rootOfUpload) ?? '') ?? [];
  if (!traceId)
    return tracing.tracer.startSpan(name, { attributes }, tracing.parentOf(parent ?? logContext().traceparent));
  tracing.nextRoot = { traceId, spanId };
  try {
    return tracing.tracer.startSpan(name, { attributes, root: true }, tracing.parentOf(undefined));
  } finally {
    tracing.nextRoot = null;
  }
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
