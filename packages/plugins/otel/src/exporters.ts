import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { AggregationTemporality, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Sends } from "./delivery.ts";
import type { OtelSettings } from "./settings.ts";

const TIMEOUT_MS = 3_000;

/** Where metrics and spans go. */
export interface Exporters {
  readonly metrics: Sends<ResourceMetrics>;
  readonly spans: Sends<ReadableSpan[]>;
  /** Ends their connections. */
  close(): Promise<void>;
}

/** Exporters of OTLP as JSON over HTTP. A request that fails for a while is repeated within 3 s, then given up. */
export function createExporters({ endpoint, headers }: Pick<OtelSettings, "endpoint" | "headers">): Exporters {
  const base = endpoint.replace(/\/+$/, "");
  // Connections are not kept: an exporter cannot close them, and at one request in some seconds there is nothing to gain.
  const options = { headers, timeoutMillis: TIMEOUT_MS, concurrencyLimit: 1, keepAlive: false };
  const metrics = new OTLPMetricExporter({
    ...options,
    url: `${base}/v1/metrics`,
    temporalityPreference: AggregationTemporality.CUMULATIVE,
  });
  const spans = new OTLPTraceExporter({ ...options, url: `${base}/v1/traces` });
  return {
    metrics,
    spans,
    close: async () => {
      await Promise.all([metrics.shutdown(), spans.shutdown()]);
    },
  };
}
