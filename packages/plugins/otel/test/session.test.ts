import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { openExporter } from "../src/observer.ts";
import { otelSettings } from "../src/settings.ts";
import { plain, startCollector } from "./support/collector.ts";
import { openRealSession } from "./support/real-session.ts";

test("a session that trades sends its metrics, each under a name of its own, and its orders", async () => {
  const { session, answered } = await openRealSession();
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  const observer = await openExporter(session, v.parse(otelSettings, { endpoint: collector.url, sampleRatio: 1 }));
  await answered(5);
  await observer.close();

  const [sent] = collector.metrics();
  const names = sent!.metrics.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of ["pitlane.events", "pitlane.stage_duration", "pitlane.stage_latency", "process.heap_used"])
    expect(names).toContain(name);

  const spans = collector.spans();
  const orders = spans.filter(({ name }) => name === "order");
  expect(orders.length).toBeGreaterThanOrEqual(5);
  for (const order of orders) {
    expect(plain(order.attributes)).toMatchObject({ "pitlane.strategy": "churn" });
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === order.spanId);
    expect(stages.map(({ name }) => name)).toEqual(["decide", "check", "queue", "send", "venue"]);
    const spent = stages.reduce((sum, span) => sum + BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano), 0n);
    const whole = BigInt(order.endTimeUnixNano) - BigInt(order.startTimeUnixNano);
    expect(Math.abs(Number(spent - whole))).toBeLessThan(10); // each is rounded to the nanosecond
  }
});
