import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, type ReadableSpan, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { defineObserver, type ObservedSession, type OpenObserver, stageHistogram } from "pitlane";
import { Delivery } from "./delivery.ts";
import { createExporters } from "./exporters.ts";
import { toMetricData } from "./metric-data.ts";
import { OrderPool } from "./order-pool.ts";
import { traceOrder } from "./order-spans.ts";
import { type OtelSettings, otelSettings } from "./settings.ts";

const VERSION = "0.1.0";
const MOST_ORDERS = 5_000; // of six spans each

/** What of a session the exporter reads. */
export type ExportedSession = Pick<ObservedSession, "run" | "samples" | "clock" | "log" | "redact">;

/** Sends the session's metrics and its orders' traces until it is closed. A collector that is away is told of, and harms nothing. */
export async function openExporter(session: ExportedSession, settings: OtelSettings): Promise<OpenObserver> {
  const { run, samples, clock } = session;
  const say = (message: string) => session.log("otel", session.redact(message));
  const exporters = createExporters(settings);
  const metrics = new Delivery("metrics", exporters.metrics, say);
  const spans = new Delivery("traces", exporters.spans, say);
  const resource = resourceFromAttributes({
    "service.name": settings.serviceName,
    "service.version": run.version,
    "service.instance.id": run.id,
    "process.pid": run.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": run.node,
    "pitlane.run.mode": run.mode,
  });
  const pool = new OrderPool({ ratio: settings.sampleRatio, most: MOST_ORDERS });
  const stopOrders = settings.traces ? samples.onOrder?.((order) => pool.add(order)) : undefined;
  const ended: ReadableSpan[] = []; // of the orders that are being traced
  const provider = new TracerProvider({
    resource,
    sampler: new AlwaysOnSampler(), // the orders were chosen before
    spanProcessors: [collectInto(ended)],
  });
  const tracer = provider.getTracer("pitlane", VERSION);
  let tracedUs = clock.nowUs();

  const sendMetrics = async () => {
    const { atUs, metrics: all } = samples.metrics();
    const data = toMetricData({ atUs, metrics: [...all, stageHistogram(samples)] }, run.startedAtUs);
    await metrics.send({ resource, scopeMetrics: [{ scope: { name: "pitlane", version: VERSION }, metrics: data }] });
  };
  const sendTraces = async () => {
    if (!settings.traces) return;
    const nowUs = clock.nowUs();
    const { orders, lost } = pool.take(samples.slowest(), tracedUs);
    tracedUs = nowUs;
    if (lost > 0) say(`${lost} orders were not traced: ${MOST_ORDERS} wait already; lower sampleRatio or intervalMs`);
    for (const order of orders) traceOrder(tracer, order);
    if (ended.length > 0) await spans.send(ended.splice(0));
  };
  const send = async () => {
    const results = await Promise.allSettled([sendMetrics(), sendTraces()]);
    for (const result of results) if (result.status === "rejected") say(`nothing was sent: ${String(result.reason)}`);
  };

  const stop = new AbortController();
  const work = (async () => {
    while (await waited(clock.sleep(settings.intervalMs, stop.signal), stop.signal)) await send();
  })();
  return {
    lines: [`otel     ${settings.endpoint} every ${settings.intervalMs / 1000} s`],
    close: async () => {
      stopOrders?.();
      stop.abort();
      await work;
      if (!metrics.isFailing && !spans.isFailing) await send(); // the last seconds; nobody waits for a collector that is away
      await exporters.close();
    },
  };
}

/** Whether the time is over; false when it was given up. */
async function waited(sleep: Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep;
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** A span processor that keeps what has ended: it is sent as a whole, and its failure is told here and not to a handler of the whole process. */
function collectInto(ended: ReadableSpan[]): SpanProcessor {
  return {
    onStart: () => {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/**
 * Sends what the session measures, and a trace of its orders, to an OpenTelemetry collector by OTLP over HTTP.
 *
 * @example
 * export default defineConfig({
 *   observers: [{ use: "@pitlane/plugin-otel", config: { endpoint: "http://127.0.0.1:4318", sampleRatio: 1 } }],
 * });
 */
export const otel = defineObserver<OtelSettings>({
  name: "otel",
  version: VERSION,
  config: otelSettings,
  open: openExporter,
});
