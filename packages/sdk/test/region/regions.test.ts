import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { NetworkError } from "../../src/errors.ts";
import { endpointSet } from "../../src/region/endpoint-set.ts";
import { fixedEndpoint } from "../../src/region/endpoints.ts";
import { createRegions, type Regions, type RegionsOptions } from "../../src/region/regions.ts";

const open: Regions[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.close();
});

const A = "http://a.test";
const B = "http://b.test";
const C = "http://c.test";
const reset = new NetworkError("reset", { outcome: "unknown" });
const turns = async () => {
  for (let i = 0; i < 4; i++) await new Promise(setImmediate);
};

/** Three regions, probed over a wire that the test sets: how long each answers, or that it does not. */
function setUp(options: Partial<RegionsOptions> & { isProbed?: boolean } = {}) {
  const clock = new ManualClock();
  const events = new EventEmitter<ClientEvents>();
  const log: string[] = [];
  events.on("endpointDown", ({ service, region, reason }) => log.push(`${service} ${region} down: ${reason}`));
  events.on("endpointUp", ({ service, region }) => log.push(`${service} ${region} up`));
  events.on("regionChanged", ({ service, from, to }) => log.push(`${service} ${from} -> ${to}`));
  const wire: Record<string, number | "refused" | "silent"> = { [A]: 20, [B]: 30, [C]: 40 };
  const probed: string[] = [];
  const probe = vi.fn(async ({ url }: { url: string }, signal: AbortSignal) => {
    probed.push(url);
    const latency = wire[url];
    if (latency === "refused") throw new NetworkError(`${url} refused`, { outcome: "unsent" });
    await clock.sleep(latency === "silent" ? Number.POSITIVE_INFINITY : (latency as number), signal);
  });
  const { isProbed = true, ...others } = options;
  const regions = createRegions({
    endpoints: endpointSet({ a: { rest: A, one: A }, b: { rest: B }, c: { rest: C } }),
    ...(isProbed ? { probes: { rest: probe } } : {}),
    events,
    clock,
    ...others,
  });
  open.push(regions);
  const choice = regions.service("rest");
  const endpointOf = (url: string) =>
    regions.status("rest").find(({ endpoint }) => endpoint.url === url)?.endpoint as never;
  /** Lets time pass, a millisecond at a time. */
  async function pass(ms: number): Promise<void> {
    await turns();
    for (let i = 0; i < ms; i++) {
      clock.advance({ ms: 1 });
      await new Promise(setImmediate);
    }
    await turns();
  }
  const present = () => choice.pick().url;
  return { clock, events, log, wire, probe, probed, regions, choice, endpointOf, pass, present };
}

describe("the choice", () => {
  test("is the first endpoint of the set, and stays", async () => {
    const { present, choice, pass, log } = setUp();
    expect(present()).toBe(A);
    await pass(100);
    expect(present()).toBe(A);
    expect(choice.pick(new Set())).toBe(choice.pick());
    expect(log).toEqual([]);
  });

  test("of another one is the cheapest that is well", async () => {
    const { choice, endpointOf, pass, wire, present } = setUp();
    wire[C] = 25;
    present();
    await pass(100);
    expect(choice.pick(new Set([endpointOf(A)])).url).toBe(C);
    expect(choice.pick(new Set([endpointOf(A), endpointOf(C)])).url).toBe(B);
    expect(present()).toBe(A);
  });

  test("is an excluded one where no other is well", async () => {
    const { choice, endpointOf, pass, wire, present } = setUp();
    wire[B] = wire[C] = "refused";
    present();
    await pass(10);
    expect(choice.pick(new Set([endpointOf(A)])).url).toBe(A);
  });

  test("changes to one that probes find better by the margin, several times in a row", async () => {
    const { pass, present, wire, log } = setUp({ samples: 3 });
    wire[A] = wire[C] = 100;
    wire[B] = 69;
    present();
    await pass(10_300);
    expect(present()).toBe(B);
    expect(log).toEqual(["rest a -> b"]);
    wire[A] = 50; // better, but not by enough
    await pass(20_000);
    expect(present()).toBe(B);
  });

  test("does not follow the latency of calls where there are probes: they are no like for like", async () => {
    const { pass, present, choice, endpointOf } = setUp({ samples: 1 });
    present();
    for (let i = 0; i < 20; i++) {
      await pass(500);
      choice.succeeded(endpointOf(A), 5_000);
    }
    expect(present()).toBe(A);
  });

  test("follows the latency of calls where there are none", () => {
    const { present, choice, endpointOf } = setUp({ isProbed: false, samples: 2 });
    choice.succeeded(endpointOf(A), 100);
    choice.succeeded(endpointOf(B), 10);
    expect(present()).toBe(A);
    choice.succeeded(endpointOf(B), 10);
    expect(present()).toBe(B);
  });
});

describe("going down", () => {
  test("by failed calls in a row: told once, and another one is chosen before it is told", async () => {
    const { present, choice, endpointOf, log, pass, wire } = setUp();
    present();
    await pass(50);
    wire[A] = 60; // its probes are well, so it is the calls alone
    const told: string[] = [];
    choice.onDown(({ url }, reason) => told.push(`${url} ${reason}, now ${present()}`));
    for (let i = 0; i < 5; i++) choice.failed(endpointOf(A), reset);
    expect(told).toEqual([`${A} reset, now ${B}`]);
    expect(log).toEqual(["rest a down: reset", "rest a -> b"]);
  });

  test("not by failures between successes", () => {
    const { present, choice, endpointOf, log } = setUp();
    for (let i = 0; i < 20; i++) {
      choice.failed(endpointOf(A), reset);
      choice.failed(endpointOf(A), reset);
      choice.succeeded(endpointOf(A), 20);
    }
    expect(present()).toBe(A);
    expect(log).toEqual([]);
  });

  test("at the first failed call when the probe that it causes fails as well", async () => {
    const { present, choice, endpointOf, log, pass, wire, probed } = setUp();
    present();
    await pass(50);
    wire[A] = "refused";
    probed.length = 0;
    choice.failed(endpointOf(A), reset);
    await turns();
    expect(probed).toEqual([A]);
    expect(present()).toBe(B);
    expect(log[0]).toBe(`rest a down: ${A} refused`);
  });

  test("within the time of a probe when a call is overdue at a silent endpoint", async () => {
    const { present, choice, endpointOf, pass, wire } = setUp();
    present();
    await pass(50);
    wire[A] = "silent";
    choice.suspect?.(endpointOf(A));
    await pass(249);
    expect(present()).toBe(A);
    await pass(1); // four times its latency would be 80 ms, but never less than 250
    expect(present()).toBe(B);
  });

  test("not when the probe of a suspect succeeds; however often it is suspected there is one probe at a time", async () => {
    const { present, choice, endpointOf, pass, probed, log } = setUp();
    present();
    await pass(50);
    probed.length = 0;
    for (let i = 0; i < 10; i++) choice.suspect?.(endpointOf(A));
    await turns();
    expect(probed).toEqual([A]);
    await pass(50);
    expect(present()).toBe(A);
    expect(log).toEqual([]);
  });

  test("by the second of two regular probes that fail, and not by the first", async () => {
    const { present, pass, wire, probed, log } = setUp();
    present();
    await pass(50);
    wire[C] = "silent";
    await pass(5_000 - 30);
    probed.length = 0;
    await pass(260);
    expect(log).toEqual([]);
    expect(probed.filter((url) => url === C)).toHaveLength(1);
    await pass(300);
    expect(log).toEqual([`rest c down: ${C} did not answer a probe in 250 ms`]);
    expect(present()).toBe(A);
  });

  test("not because this process was held up: such a probe is made again", async () => {
    const { present, choice, endpointOf, pass, clock, wire, probed, log } = setUp();
    present();
    await pass(50);
    wire[A] = "silent";
    probed.length = 0;
    choice.suspect?.(endpointOf(A)); // one failed probe would do
    await turns();
    clock.advance({ ms: 10_000 }); // nothing ran for ten seconds
    wire[A] = 20;
    await pass(100);
    expect(probed.filter((url) => url === A)).toEqual([A, A]);
    expect(log).toEqual([]);
    expect(present()).toBe(A);
  });

  test("of all leaves the last choice, and the first to come back is chosen", async () => {
    const { present, choice, endpointOf, pass, wire, log } = setUp();
    present();
    await pass(50);
    wire[A] = wire[B] = wire[C] = "refused";
    for (const url of [C, B, A]) choice.failed(endpointOf(url), reset);
    await turns();
    expect(present()).toBe(A);
    log.length = 0;
    wire[C] = 40;
    await pass(300);
    expect(present()).toBe(C);
    expect(log).toEqual(["rest c up", "rest a -> c"]);
  });
});

describe("coming back", () => {
  test("takes a good probe, which is tried after 250 ms, then in twice the time, up to the regular time", async () => {
    const { present, choice, endpointOf, pass, wire, probed, clock, log } = setUp();
    present();
    await pass(50);
    wire[A] = "refused";
    choice.failed(endpointOf(A), reset);
    await turns();
    const startedNs = clock.monotonicNs();
    probed.length = 0;
    const at: number[] = [];
    for (let ms = 0; ms < 19_000; ms += 10) {
      await pass(10);
      const count = probed.filter((url) => url === A).length;
      while (at.length < count) at.push(Math.round((clock.monotonicNs() - startedNs) / 1e6));
    }
    expect(at).toEqual([250, 750, 1_750, 3_750, 7_750, 12_750, 17_750]);
    wire[A] = 20;
    await pass(5_000);
    expect(log.at(-1)).toBe("rest a up");
    expect(present()).toBe(B); // nobody goes back for that
  });

  test("is slower each time it fails again soon after", async () => {
    const { present, choice, endpointOf, pass, log } = setUp();
    present();
    await pass(50);
    const backAfter: number[] = [];
    for (let i = 0; i < 4; i++) {
      for (let n = 0; n < 3; n++) choice.failed(endpointOf(B), reset); // its probes are well all the time
      let ms = 0;
      for (; !log.includes("rest b up"); ms += 10) await pass(10);
      backAfter.push(ms);
      log.length = 0;
    }
    expect(backAfter).toEqual([280, 530, 1_030, 2_030]);
  });

  test("begins to be tried at once, also when probes had no part in its going down", async () => {
    const { present, choice, endpointOf, pass, log } = setUp();
    present();
    for (let i = 0; i < 3; i++) {
      await pass(50); // the probe that each failure causes succeeds
      choice.failed(endpointOf(B), reset);
    }
    await pass(280);
    expect(log).toEqual(["rest b down: reset", "rest b up"]);
  });

  test("without a probe is up to a call, once it may try again", () => {
    const { present, choice, endpointOf, clock, log } = setUp({ isProbed: false });
    for (let i = 0; i < 2; i++) choice.failed(endpointOf(A), reset);
    expect(present()).toBe(B);
    expect(choice.pick(new Set([endpointOf(B), endpointOf(C)])).url).toBe(B);
    clock.advance({ ms: 5_000 });
    expect(choice.pick(new Set([endpointOf(B), endpointOf(C)])).url).toBe(A);
    choice.succeeded(endpointOf(A), 20);
    expect(log.at(-1)).toBe("rest a up");
    expect(present()).toBe(B);
  });

  test("without a probe and with none that is well, is found out in turns: the one that may be tried soonest first", () => {
    const { choice, clock, endpointOf, log } = setUp({ isProbed: false });
    const [a, b, c] = [A, B, C].map(endpointOf) as [never, never, never];
    for (const endpoint of [b, a, c]) {
      for (let i = 0; i < 10; i++) choice.failed(endpoint, reset);
      clock.advance({ ms: 100 });
    }
    const present = choice.pick();
    const others = [b, a, c].filter((one) => one !== present);
    expect(choice.pick(new Set([present]))).toBe(others[0]);
    expect(choice.pick(new Set([present, others[0] as never]))).toBe(others[1]);
    expect(choice.pick(new Set([a, b, c]))).toBe(present); // the round is over
    const before = log.length;
    choice.pick(new Set([present]));
    expect(log).toHaveLength(before);
    clock.advance({ ms: 60_000 });
    choice.succeeded(others[1] as never, 10);
    expect(choice.pick()).toBe(others[1]);
  });

  test("without a probe, of the last one that was down, moves those who wait for it", () => {
    const { present, choice, endpointOf, clock } = setUp({ isProbed: false });
    for (const url of [A, B]) for (let i = 0; i < 2; i++) choice.failed(endpointOf(url), reset);
    clock.advance({ ms: 2_500 });
    for (let i = 0; i < 2; i++) choice.failed(endpointOf(C), reset);
    expect(present()).toBe(C);
    clock.advance({ ms: 2_500 });
    expect(present()).toBe(A);
  });
});

describe("probes", () => {
  test("begin with the first use, go to every endpoint, and end with close", async () => {
    const { present, pass, probed, regions, clock, wire } = setUp();
    await pass(6_000);
    expect(probed).toEqual([]);
    present();
    expect(probed).toEqual([A, B, C]);
    await pass(5_100);
    expect(probed).toHaveLength(6);
    wire[A] = "silent";
    await pass(5_000); // one is under way, two rest
    await regions.close();
    expect(clock.sleeping).toBe(0);
    expect(present()).toBe(A);
    await pass(10_000);
    expect(probed).toHaveLength(9);
  });

  test("do not begin after close", async () => {
    const { present, regions, probed } = setUp();
    await regions.close();
    present();
    expect(probed).toEqual([]);
  });
});

describe("a single endpoint", () => {
  test("is always the choice, is not probed and never goes down", () => {
    const probe = vi.fn();
    const { regions, log } = setUp({ probes: { one: probe } });
    const choice = regions.service("one");
    const onDown = vi.fn();
    choice.onDown(onDown);
    const endpoint = choice.pick();
    for (let i = 0; i < 100; i++) choice.failed(endpoint, reset);
    expect(choice.pick(new Set([endpoint]))).toEqual({ region: "a", url: A });
    expect(probe).not.toHaveBeenCalled();
    expect(onDown).not.toHaveBeenCalled();
    expect(log).toEqual([]);
  });

  test("is judged by its calls, and by them is well again", () => {
    const { regions, clock } = setUp();
    const choice = regions.service("one");
    const endpoint = choice.pick();
    const status = () => regions.status("one");
    expect(status()).toEqual([{ endpoint, isPresent: true, isDown: false, latencyMs: Number.NaN, errorRate: 0 }]);
    choice.succeeded(endpoint, 10);
    choice.succeeded(endpoint, 20);
    expect(status()).toMatchObject([{ isDown: false, latencyMs: 12, errorRate: 0 }]);
    choice.failed(endpoint, reset);
    choice.failed(endpoint, reset);
    expect(status()).toMatchObject([{ isPresent: true, isDown: true, latencyMs: 12, errorRate: expect.closeTo(0.36) }]);
    clock.advance({ ms: 5_000 });
    choice.succeeded(endpoint, 12);
    expect(status()).toMatchObject([{ isDown: false, errorRate: expect.closeTo(0.288) }]);
  });

  test("can be had without a set", () => {
    const choice = fixedEndpoint("http://127.0.0.1:8080");
    expect(choice.pick()).toBe(choice.pick());
    expect(choice.pick()).toEqual({ region: "default", url: "http://127.0.0.1:8080" });
  });
});

test("an endpoint of somebody else's is ignored", () => {
  const { choice, log } = setUp();
  const other = { region: "x", url: A };
  for (let i = 0; i < 5; i++) choice.failed(other, reset);
  choice.succeeded(other, 1);
  choice.suspect?.(other);
  expect(log).toEqual([]);
});

test("a listener that was taken back hears nothing", () => {
  const { choice, endpointOf } = setUp();
  const listener = vi.fn();
  choice.onDown(listener)();
  for (let i = 0; i < 3; i++) choice.failed(endpointOf(A), reset);
  expect(listener).not.toHaveBeenCalled();
});

test("the status says what is known of each endpoint", async () => {
  const { regions, present, pass, wire } = setUp();
  wire[C] = "refused";
  present();
  await pass(50);
  expect(regions.status("rest")).toEqual([
    { endpoint: { region: "a", url: A }, isPresent: true, isDown: false, latencyMs: 20, errorRate: 0 },
    { endpoint: { region: "b", url: B }, isPresent: false, isDown: false, latencyMs: 30, errorRate: 0 },
    {
      endpoint: { region: "c", url: C },
      isPresent: false,
      isDown: true,
      latencyMs: Number.NaN,
      errorRate: expect.closeTo(0.36),
    },
  ]);
});

test.each([
  [{ probeEveryMs: 99 }, /probeEveryMs/],
  [{ probeTimeoutMs: 1 }, /probeTimeoutMs/],
  [{ downProbeMs: 6_000 }, /downProbeMs/],
  [{ consecutiveErrors: 0 }, /consecutiveErrors/],
  [{ margin: 1 }, /margin/],
  [{ samples: 0 }, /samples/],
  [{ probes: { wire: async () => {} } }, /service must be one of rest, one/],
])("%o is refused", (options, words) => {
  expect(() => setUp(options)).toThrow(words);
  expect(() => setUp(options)).toThrow(InvalidInputError);
});

test("a service that the set does not have is refused", () => {
  expect(() => setUp().regions.service("wire")).toThrow(InvalidInputError);
});
