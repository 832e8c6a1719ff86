import * as v from "valibot";

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, section 5.6.2

/** What the settings of the observer `otel` may be. */
export const otelSettings = v.strictObject({
  /** Of the collector; `/v1/metrics` and `/v1/traces` are added to it. Default `http://127.0.0.1:4318`, OTLP's own port for HTTP. */
  endpoint: v.optional(
    v.pipe(
      v.string(),
      v.url("must be a URL"),
      v.regex(/^https?:/, "must begin with http: or https:"),
      v.check((text) => !/[?#]|\/\/[^/]*@/.test(text), "must have no query and no credentials: put those into headers"),
    ),
    "http://127.0.0.1:4318",
  ),
  /** Sent with each request; values may refer to secrets. */
  headers: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(HEADER_NAME, "is no name of a header")),
      v.pipe(v.string(), v.regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII, as a header is")),
    ),
    {},
  ),
  /** How often metrics and traces are sent, milliseconds; 1,000 to 3,600,000. Default 10,000. */
  intervalMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1_000), v.maxValue(3_600_000)), 10_000),
  /** Whether orders are traced. Default true. */
  traces: v.optional(v.boolean(), true),
  /** Share of the orders that are traced, 0 to 1; the slowest are always. Default 0.1. */
  sampleRatio: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0.1),
  /** What the session is called: `service.name`. Default `pitlane`. */
  serviceName: v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty")), "pitlane"),
});

/** The settings of the observer `otel`, with their defaults in place. */
export type OtelSettings = v.InferOutput<typeof otelSettings>;
