import { expect, test } from "vitest";
import { createApi } from "../../page/lib/api.ts";
import { connect, type LinkHost, POINTS, withAlert } from "../../page/lib/live.ts";
import { parseRoute, routeTo } from "../../page/lib/route.ts";
import type { Alert, AlertsInfo, SessionSample } from "../../src/protocol.ts";
import { createFakeSession } from "../fake-session.ts";

test("reads a view and what it is asked from the address, and the overview from anything else", () => {
  expect(parseRoute(routeTo("market", { instrument: "paper:AAA/USDT" }))).toEqual({
    view: "market",
    query: { instrument: "paper:AAA/USDT" },
  });
  expect(parseRoute("").view).toBe("overview");
  expect(parseRoute("#/nothing?x=1").view).toBe("overview");
});

test("keeps raised alerts worst first and moves what is over to the resolved ones", () => {
  const none: AlertsInfo = { active: [], resolved: [], rules: [] };
  const warning = alert({ id: "a" });
  const critical = alert({ id: "b", severity: "critical" });
  const both = withAlert(withAlert(none, critical), warning);
  expect(both.active.map(({ id }) => id)).toEqual(["b", "a"]);
  const over = withAlert(both, { ...critical, state: "resolved" });
  expect(over.active).toEqual([warning]);
  expect(over.resolved.map(({ id }) => id)).toEqual(["b"]);
  expect(withAlert(over, { ...warning, acknowledgedBy: "me" }).active).toHaveLength(1);
});

test("asks for what there is before it follows the stream, and keeps a quarter of an hour", async () => {
  const { live, stream, sample } = await setUp();
  expect(live.points.get()).toHaveLength(POINTS);
  stream().send("sample", { ...sample, seq: 901, atUs: sample.atUs + 1e6 });
  expect(live.points.get()).toHaveLength(POINTS);
  expect(live.points.get().at(-1)?.atUs).toBe(sample.atUs + 1e6);
  stream().send("sample", { ...sample, atUs: sample.atUs + 1e6 });
  expect(live.points.get().filter(({ atUs }) => atUs === sample.atUs + 1e6)).toHaveLength(1);
});

test("holds figures but not alerts, and asks anew when it goes on", async () => {
  const { live, stream, sample, asked } = await setUp();
  live.hold(true);
  stream().send("sample", sample);
  stream().send("alert", alert({ id: "x" }));
  expect(live.sample.get()).toBeUndefined();
  expect(live.alerts.get().active).toHaveLength(1);
  const before = asked.length;
  live.hold(false);
  await settled();
  expect(asked.slice(before)).toContain("/api/recent");
});

test("tries again every second after a stream that was closed for good, and forgets the run before", async () => {
  const { live, stream, sample, timers, setRun } = await setUp();
  stream().send("sample", sample);
  stream().fail(true);
  expect(live.link.get()).toBe("lost");
  expect(live.sample.get()).toBeDefined();
  expect(timers.map(({ ms }) => ms)).toEqual([1000]);
  setRun("second");
  timers.shift()!.run();
  await settled();
  stream().send("hello", { runId: "second", startedAtUs: 0, serverTimeUs: 0 });
  expect(live.link.get()).toBe("live");
  expect(live.session.get()?.run.id).toBe("second");
  expect(live.sample.get()).toBeUndefined();
});

test("leaves it to the stream to come back while it tries itself", async () => {
  const { live, stream, timers } = await setUp();
  stream().fail(false);
  expect(live.link.get()).toBe("lost");
  expect(timers).toEqual([]);
});

test("says that it is locked out when the token is not known, and goes on trying", async () => {
  const { live, stream, timers, setStatus } = await setUp();
  setStatus(401);
  stream().fail(true);
  timers.shift()!.run();
  await settled();
  expect(live.link.get()).toBe("locked");
  expect(timers).toHaveLength(1);
});

test("gives its stream up when nobody has seen it for 10 s, and asks for what it missed when it is seen again", async () => {
  const { live, stream, streams, timers, asked, see } = await setUp();
  see(false);
  see(true);
  see(false);
  expect(timers.map(({ ms }) => ms)).toEqual([10_000, 10_000]);
  timers.shift()!.run(); // of the first time, when it was seen in between
  expect(stream().readyState).toBe(1);
  timers.shift()!.run();
  expect(stream().readyState).toBe(2);
  const before = asked.length;
  see(true);
  await settled();
  expect(asked.slice(before)).toContain("/api/recent");
  expect(streams()).toBe(2);
  stream().send("hello", { runId: "first", startedAtUs: 0, serverTimeUs: 0 });
  expect(live.link.get()).toBe("live");
  see(true);
  await settled();
  expect(streams()).toBe(2);
});

test("does not come back by itself while nobody sees it", async () => {
  const { stream, streams, timers, see } = await setUp();
  stream().fail(true);
  see(false);
  timers.pop()!.run(); // asleep
  timers.shift()!.run(); // the attempt that was planned
  await settled();
  expect(streams()).toBe(1);
  see(true);
  await settled();
  expect(streams()).toBe(2);
});

function alert(change: Partial<Alert>): Alert {
  return {
    id: "a",
    rule: "r",
    title: "t",
    subject: "",
    severity: "warning",
    state: "raised",
    value: 1,
    threshold: 1,
    unit: "s",
    raisedAtUs: 1,
    changedAtUs: 1,
    resolvedAtUs: null,
    acknowledgedBy: null,
    ...change,
  };
}

/** Until the promises that are under way have settled: all of these need no I/O. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** A stream that says what a test wants. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  readyState = 1;
  onerror: (() => void) | null = null;

  send(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  fail(isForGood: boolean): void {
    this.readyState = isForGood ? FakeSource.CLOSED : 0;
    this.onerror?.();
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
}

async function setUp() {
  const fake = createFakeSession({ seconds: 900 });
  const sample: SessionSample = fake.samples.latest!;
  const { toPoint } = await import("../../src/point.ts");
  const points = fake.samples.recent.map(toPoint);
  fake.close();
  let runId = "first";
  let status = 200;
  const asked: string[] = [];
  const answers = (): Record<string, unknown> => ({
    "/api/session": { run: { id: runId } },
    "/api/recent": points,
    "/api/alerts": { active: [], resolved: [], rules: [] },
    "/api/logs": [],
  });
  const send: typeof fetch = async (input) => {
    asked.push(String(input));
    const body = status === 200 ? answers()[String(input)] : { ok: false, error: "no" };
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  };
  const sources: FakeSource[] = [];
  const timers: { readonly run: () => void; readonly ms: number }[] = [];
  const document = Object.assign(new EventTarget(), { hidden: false });
  const host = {
    EventSource: class extends FakeSource {
      constructor() {
        super();
        sources.push(this);
      }
    },
    setTimeout: (run: () => void, ms: number) => timers.push({ run, ms }),
    document,
  } as unknown as LinkHost;
  const live = connect(createApi(send), host);
  await settled();
  const stream = () => sources.at(-1)!;
  stream().send("hello", { runId, startedAtUs: 0, serverTimeUs: 0 });
  return {
    live,
    stream,
    streams: () => sources.length,
    sample,
    asked,
    timers,
    see: (isSeen: boolean) => {
      document.hidden = !isSeen;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    setRun: (id: string) => {
      runId = id;
    },
    setStatus: (next: number) => {
      status = next;
    },
  };
}
