import type { Disturbance, OrderStage, SlowOrder } from "./sample.ts";
import { ORDER_STAGES } from "./sample.ts";

/** When one order passed where, monotonic nanoseconds; NaN where it did not, or nobody knows. */
export interface OrderTimes {
  /** The frame that led to it was received; NaN when no frame did. */
  readonly triggerNs: number;
  /** The strategy wanted it. */
  readonly bornNs: number;
  /** Risk and journal were done. */
  readonly approvedNs: number;
  /** Its turn came. */
  readonly turnNs: number;
  /** Its bytes were handed to the socket. */
  readonly sentNs: number;
  /** The venue answered, or the call ended without an answer. */
  readonly answeredNs: number;
}

/** What `attribute` tells of an order. */
type Attribution = Pick<SlowOrder, "totalUs" | "stages" | "slowest" | "overlaps">;

/**
 * Where an order's time went: its stages, the longest of them, and what overlapped it. Pure.
 *
 * A disturbance counts with the part of it that lies within the order's time; of those that are alike in kind and in what they are,
 * moments that several of them cover count once. So no overlap is longer than the order, but overlaps of different kinds may name the
 * same moment: a pause of the collector stalls the loop too.
 *
 * @param disturbances In any order.
 */
export function attribute(times: OrderTimes, disturbances: readonly Disturbance[]): Attribution {
  const { answeredNs } = times;
  const startNs = startOf(times);
  const stages = stagesOf(times);
  return {
    totalUs: (answeredNs - startNs) / 1000,
    stages,
    slowest: longest(stages),
    overlaps: overlapsOf(startNs, answeredNs, disturbances),
  };
}

/** From where an order's time is counted: what caused it, or else the wish. */
function startOf({ triggerNs, bornNs }: OrderTimes): number {
  return Number.isNaN(triggerNs) ? bornNs : triggerNs;
}

function stagesOf({ triggerNs, bornNs, approvedNs, turnNs, sentNs, answeredNs }: OrderTimes): SlowOrder["stages"] {
  return {
    decide: microseconds(triggerNs, bornNs),
    check: microseconds(bornNs, approvedNs),
    queue: microseconds(approvedNs, turnNs),
    send: microseconds(turnNs, sentNs),
    venue: microseconds(sentNs, answeredNs),
  };
}

function microseconds(fromNs: number, untilNs: number): number | null {
  const elapsedNs = untilNs - fromNs;
  return Number.isNaN(elapsedNs) ? null : Math.max(0, elapsedNs) / 1000;
}

function longest(stages: SlowOrder["stages"]): OrderStage {
  let found: OrderStage = "venue";
  for (const stage of ORDER_STAGES) if ((stages[stage] ?? -1) > (stages[found] ?? -1)) found = stage;
  return found;
}

function overlapsOf(startNs: number, endNs: number, disturbances: readonly Disturbance[]): SlowOrder["overlaps"] {
  const alike = new Map<string, Disturbance[]>();
  for (const one of disturbances) {
    if (one.endNs <= startNs || one.startNs >= endNs) continue;
    const key = `${one.kind} ${one.what}`;
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [one]);
    else group.push(one);
  }
  return [...alike.values()]
    .map((group) => ({ kind: group[0]!.kind, what: group[0]!.what, us: coveredNs(startNs, endNs, group) / 1000 }))
    .filter(({ us }) => us > 0)
    .sort((a, b) => b.us - a.us);
}

/** How much of a span these cover together. */
function coveredNs(startNs: number, endNs: number, group: readonly Disturbance[]): number {
  let covered = 0;
  let untilNs = startNs; // all before is counted
  for (const one of [...group].sort((a, b) => a.startNs - b.startNs)) {
    const fromNs = Math.max(one.startNs, untilNs);
    const toNs = Math.min(one.endNs, endNs);
    if (toNs <= fromNs) continue;
    covered += toNs - fromNs;
    untilNs = toNs;
  }
  return covered;
}
