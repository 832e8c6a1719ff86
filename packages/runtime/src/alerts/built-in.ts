import type { AlertRule } from "./rules.ts";

/** What the built-in thresholds of queues are shares of: the settings of the same names. */
export interface QueueBounds {
  /** `bus.capacity`, events. */
  readonly laneCapacity: number;
  /** `execution.queue`, orders. */
  readonly orderQueue: number;
}

/** A rule that comes with Pitlane. */
export interface BuiltInRule extends AlertRule {
  /** It says nothing until a deployment gives it thresholds of its own, or switches it on. */
  readonly isOff?: true;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * The rules that a session has without a word in its settings. Pure.
 *
 * How many events a second a market has is known to nobody but its trader, and a quiet one is no fault: that rule is there, but off.
 */
export function builtInRules({ laneCapacity, orderQueue }: QueueBounds): readonly BuiltInRule[] {
  return [
    {
      name: "order-latency-p99",
      title: "p99 of order execution",
      signal: "execution-p99",
      bad: "above",
      warning: { threshold: 0.05 },
      critical: { threshold: 0.5 },
    },
    {
      name: "order-latency-mean",
      title: "average order execution",
      signal: "execution-mean",
      bad: "above",
      warning: { threshold: 0.01 },
    },
    {
      name: "transaction-p95",
      title: "p95 of the venue's answers to orders",
      signal: "ack-p95",
      bad: "above",
      warning: { threshold: 0.1, forMs: 2 * MINUTE },
    },
    {
      name: "event-latency-p99",
      title: "p99 of events' wait for their first hook",
      signal: "dispatch-p99",
      bad: "above",
      warning: { threshold: 0.1 },
      critical: { threshold: 0.5 },
    },
    {
      name: "order-errors",
      title: "requests for orders that failed",
      signal: "order-error-ratio",
      bad: "above",
      warning: { threshold: 0.01 },
      critical: { threshold: 0.05, forMs: 2 * MINUTE },
    },
    {
      name: "memory-limit",
      title: "memory against its limit",
      signal: "memory-used",
      bad: "above",
      warning: { threshold: 0.8 },
      critical: { threshold: 1, forMs: 5 * MINUTE },
    },
    {
      name: "memory",
      title: "memory of the process",
      signal: "memory",
      bad: "above",
      warning: { threshold: GIB, clearAt: 960 * MIB },
      critical: { threshold: 2 * GIB, clearAt: 1920 * MIB },
    },
    {
      name: "limiter-used",
      title: "request budget of a venue",
      signal: "limiter-used",
      bad: "above",
      warning: { threshold: 0.9 },
    },
    {
      name: "connection-failures",
      title: "connections that fail",
      signal: "connection-failures",
      bad: "above",
      warning: { threshold: 5, clearAt: 2 },
    },
    {
      name: "event-rate",
      title: "market events",
      signal: "event-rate",
      bad: "below",
      warning: { threshold: 500, forMs: 10 * SECOND },
      critical: { threshold: 100, forMs: 10 * SECOND },
      isOff: true,
    },
    {
      name: "lane-depth",
      title: "events that wait in a lane",
      signal: "lane-depth",
      bad: "above",
      warning: { threshold: Math.ceil(laneCapacity * 0.5) },
      critical: { threshold: Math.ceil(laneCapacity * 0.9) },
    },
    {
      name: "order-queue",
      title: "orders that wait for their turn",
      signal: "orders-queued",
      bad: "above",
      warning: { threshold: Math.ceil(orderQueue * 0.5) },
      critical: { threshold: Math.ceil(orderQueue * 0.9) },
    },
    {
      name: "kept-lane-overflow",
      title: "a lane that never drops is over its bound",
      signal: "kept-lane-overflow",
      bad: "above",
      critical: { threshold: 1, clearAt: 0 },
    },
    {
      name: "journal-lag",
      title: "lag of the journal",
      signal: "journal-lag",
      bad: "above",
      warning: { threshold: 1 },
      critical: { threshold: 5 },
    },
    {
      name: "clock-offset",
      title: "clock of the venue against ours",
      signal: "clock-offset",
      bad: "above",
      warning: { threshold: 0.5 },
      critical: { threshold: 2.5 },
    },
    {
      name: "drawdown",
      title: "drawdown against its limit",
      signal: "drawdown-used",
      bad: "above",
      warning: { threshold: 0.5 },
      critical: { threshold: 0.8 },
    },
  ];
}
