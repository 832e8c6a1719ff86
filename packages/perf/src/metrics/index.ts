export { LatencyHistogram, type LatencySummary } from "./latency-histogram.ts";
