import * as v from "valibot";

/** Hosts that nobody outside this machine can reach. */
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether `host` names this machine alone, as a Host header or an address to listen on does. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host.toLowerCase());
}

const settings = v.strictObject({
  /** Address to listen on. Default 127.0.0.1; another needs a `token`. */
  host: v.optional(v.pipe(v.string(), v.nonEmpty("must be an address or a name")), "127.0.0.1"),
  /** 0 to 65535, 0 for any that is free. Default 9464, which Prometheus's list of ports gives to OpenTelemetry's exporter. */
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 9464),
  /** Where the metrics are. Default `/metrics`. */
  path: v.optional(v.pipe(v.string(), v.regex(/^\/[\w./-]*$/, 'must be a path, such as "/metrics"')), "/metrics"),
  /** Bearer token that whoever asks must send; 16 characters or more. A reference to a secret. */
  token: v.optional(v.pipe(v.string(), v.minLength(16, "must have 16 characters or more"))),
});

/** What the settings of the observer `prometheus` may be. */
export const prometheusSettings = v.pipe(
  settings,
  v.check(
    ({ host, token }) => token !== undefined || isLoopback(host),
    "a host that others can reach needs a token: set it as a secret",
  ),
);

/** The settings of the observer `prometheus`, with their defaults in place. */
export type PrometheusSettings = v.InferOutput<typeof prometheusSettings>;
