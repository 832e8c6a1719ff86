import type { Target } from "./protocol.ts";

const MS = 1000;

/** What latencies are to stay below: what the product promises of a session on loopback. */
export const TARGETS: readonly Target[] = [
  { stage: "execution", figure: "mean", limitUs: 20 * MS, title: "order execution, mean" },
  { stage: "execution", figure: "p95", limitUs: 30 * MS, title: "order execution, p95" },
  { stage: "execution", figure: "p99", limitUs: 50 * MS, title: "order execution, p99" },
  { stage: "execution", figure: "p999", limitUs: 100 * MS, title: "order execution, p99.9" },
  { stage: "ack", figure: "mean", limitUs: 50 * MS, title: "submission to the venue's answer, mean" },
  { stage: "ack", figure: "p95", limitUs: 100 * MS, title: "submission to the venue's answer, p95" },
  { stage: "ack", figure: "p99", limitUs: 200 * MS, title: "submission to the venue's answer, p99" },
  { stage: "processing", figure: "mean", limitUs: MS, title: "order processing inside the process, mean" },
  { stage: "dispatch", figure: "p95", limitUs: MS, title: "price update to its first hook, p95" },
];
