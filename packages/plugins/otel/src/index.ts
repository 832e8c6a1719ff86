import { otel } from "./observer.ts";

export { toMetricData } from "./metric-data.ts";
export { type OtelName, toOtelName } from "./metric-name.ts";
export { type ExportedSession, openExporter, otel } from "./observer.ts";
export { isSampled, type TracedOrder } from "./order-pool.ts";
export { traceOrder } from "./order-spans.ts";
export { type OtelSettings, otelSettings } from "./settings.ts";

/** What the setting `observers` takes from this package. */
export default otel;
