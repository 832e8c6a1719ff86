import { type Attributes, ROOT_CONTEXT, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { ORDER_STAGES } from "pitlane";
import type { TracedOrder } from "./order-pool.ts";
import { hrTime } from "./time.ts";

/**
 * Makes an order's spans: `order` from what caused it to the venue's answer, and in it one for each stage that it has.
 *
 *     order   |-----------------------------------------|
 *     decide  |---|
 *     check       |--|
 *     queue          |-----|
 *     send                 |-|
 *     venue                  |--------------------------|   client
 */
export function traceOrder(tracer: Tracer, order: TracedOrder): void {
  const { atUs, totalUs, stages } = order;
  const startUs = Math.round(atUs - totalUs);
  const root = tracer.startSpan(
    "order",
    { root: true, kind: SpanKind.INTERNAL, startTime: hrTime(startUs), attributes: attributesOf(order) },
    ROOT_CONTEXT,
  );
  const inside = trace.setSpan(ROOT_CONTEXT, root);
  let fromUs = 0;
  for (const stage of ORDER_STAGES) {
    const tookUs = stages[stage];
    if (tookUs === null) continue;
    const kind = stage === "venue" ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const span = tracer.startSpan(stage, { kind, startTime: hrTime(startUs, fromUs) }, inside);
    fromUs += tookUs;
    span.end(hrTime(startUs, fromUs));
  }
  root.end(hrTime(startUs, totalUs));
}

function attributesOf({ clientOrderId, instrument, strategy, slowest, overlaps = [] }: TracedOrder): Attributes {
  const attributes: Attributes = {
    "pitlane.order.id": clientOrderId,
    "pitlane.instrument": instrument,
    "pitlane.strategy": strategy,
  };
  if (slowest !== undefined) attributes["pitlane.order.slowest_stage"] = slowest;
  for (const { kind, what, us } of overlaps)
    attributes[`pitlane.overlap.${kind}.${what.replaceAll(" ", "_")}`] = us / 1e6;
  return attributes;
}
