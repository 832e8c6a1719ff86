import { ManualClock } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { InvalidInputError, NetworkError, ProtocolError } from "../../src/errors.ts";
import { createNonce } from "../../src/session/nonce.ts";
import { settledTime, slewTowards, tellUs } from "../../src/session/slew.ts";
import { createVenueClock, type VenueClockOptions } from "../../src/session/venue-clock.ts";
import { rejectionOf } from "../support/rejection.ts";
import { settle } from "./support.ts";

interface Leg {
  readonly outMs: number;
  readonly backMs: number;
}

/** A venue `aheadUs` ahead of us, whose answers take the given time on their way. */
function setUp({
  legs = [{ outMs: 5, backMs: 5 }],
  ...options
}: Partial<VenueClockOptions> & { legs?: readonly Leg[] } = {}) {
  const clock = new ManualClock();
  const events = new EventEmitter<ClientEvents>();
  const measured: { offsetUs: number; roundTripUs: number }[] = [];
  const retried: string[] = [];
  events.on("clockMeasured", (event) => measured.push(event));
  const stepped: { steppedUs: number }[] = [];
  events.on("clockStepped", (event) => stepped.push(event));
  events.on("retried", ({ call, error }) => retried.push(`${call}: ${error.code}`));
  const venue = { aheadUs: 0, probes: 0, isUp: true };
  const venueClock = createVenueClock({
    readServerTimeUs: async () => {
      const { outMs, backMs } = legs[venue.probes++ % legs.length] as Leg;
      if (!venue.isUp) throw new NetworkError("down", { outcome: "unknown" });
      clock.advance({ ms: outMs });
      const serverUs = clock.nowUs() + venue.aheadUs;
      clock.advance({ ms: backMs });
      return serverUs;
    },
    events,
    clock,
    ...options,
  });
  const offUs = () => venueClock.nowUs() - clock.nowUs();
  return { clock, venueClock, venue, measured, stepped, retried, offUs };
}

test("tells the host's time before it has measured, and the venue's at once after that", async () => {
  const { venueClock, venue, measured, offUs } = setUp();
  venue.aheadUs = 3_600_000_000;
  expect(offUs()).toBe(0);
  await venueClock.start();
  expect(offUs()).toBe(3_600_000_000);
  expect(venueClock.nowMs()).toBe(Math.floor(venueClock.nowUs() / 1000));
  expect(venue.probes).toBe(5);
  expect(measured).toEqual([{ offsetUs: 3_600_000_000, roundTripUs: 10_000 }]);
  await venueClock.close();
});

test("the probe with the shortest round trip counts: slow ones are off by what they were slow in one way", async () => {
  const legs = [
    { outMs: 400, backMs: 5 },
    { outMs: 5, backMs: 300 },
    { outMs: 3, backMs: 4 },
    { outMs: 90, backMs: 2 },
  ];
  const { venueClock, venue, measured, offUs } = setUp({ legs, probes: 4 });
  venue.aheadUs = -250_000;
  await venueClock.resync();
  expect(measured).toEqual([{ offsetUs: -250_500, roundTripUs: 7_000 }]); // off by half a millisecond: 3 out, 4 back
  expect(offUs()).toBe(-250_500);
});

test("whatever the ways take, the error is at most half of the best round trip", async () => {
  const leg = fc.record({ outMs: fc.integer({ min: 0, max: 500 }), backMs: fc.integer({ min: 0, max: 500 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(leg, { minLength: 5, maxLength: 5 }),
      fc.integer({ min: -1e9, max: 1e9 }),
      async (legs, aheadUs) => {
        const { venueClock, venue, offUs } = setUp({ legs });
        venue.aheadUs = aheadUs;
        await venueClock.resync();
        const bestUs = Math.min(...legs.map(({ outMs, backMs }) => outMs + backMs)) * 1000;
        expect(Math.abs(offUs() - aheadUs)).toBeLessThanOrEqual(bestUs / 2 + 1);
      },
    ),
  );
});

test("does not follow the host's clock when that is set", async () => {
  const clock = new ManualClock();
  let setByUs = 0;
  const host = Object.assign(Object.create(clock) as ManualClock, { nowUs: () => clock.nowUs() + setByUs });
  const { venueClock } = setUp({ clock: host, readServerTimeUs: async () => 1_767_225_600_000_000 });
  host.monotonicNs = () => clock.monotonicNs();
  await venueClock.resync();
  setByUs = 3_600_000_000;
  expect(venueClock.nowUs()).toBe(1_767_225_600_000_000);
});

test("is measured again every half hour, and again after 30 s when that failed", async () => {
  const { clock, venueClock, venue, retried } = setUp();
  await Promise.all([venueClock.start(), venueClock.start()]);
  await venueClock.start(); // one timer
  expect([venue.probes, clock.sleeping]).toEqual([5, 1]);
  const pass = async (ms: number) => {
    await settle();
    clock.advance({ ms });
    await settle();
  };
  await pass(1_799_999);
  expect(venue.probes).toBe(5);
  await pass(1);
  expect(venue.probes).toBe(10);
  venue.isUp = false;
  await pass(1_800_000);
  expect([venue.probes, retried]).toEqual([15, ["server time: NETWORK"]]);
  venue.isUp = true;
  await pass(30_000);
  expect(venue.probes).toBe(20);
  await venueClock.close();
  await settle();
  expect(clock.sleeping).toBe(0);
});

test("a crowd of refusals causes one measurement, and none within a second of the last", async () => {
  const { clock, venueClock, venue } = setUp();
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => venueClock.resync(i % 2 ? new AbortController().signal : undefined)),
  );
  expect(venue.probes).toBe(5);
  await venueClock.resync();
  expect(venue.probes).toBe(5);
  clock.advance({ ms: 1_000 });
  await venueClock.resync();
  expect(venue.probes).toBe(10);
});

test("some probes may fail; when all do, it says so and keeps what it knew", async () => {
  let calls = 0;
  const { clock, venueClock } = setUp({
    readServerTimeUs: async () => {
      if (calls++ !== 3) throw new NetworkError("lost", { outcome: "unknown" });
      return 5_000_000_000_000_000;
    },
  });
  await venueClock.resync();
  expect(venueClock.nowUs()).toBe(5_000_000_000_000_000);
  clock.advance({ ms: 2_000 });
  expect(await rejectionOf(venueClock.resync())).toBeInstanceOf(NetworkError);
  expect(venueClock.nowUs()).toBe(5_000_000_002_000_000);
});

test.each([Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 1e300, "now" as unknown as number])(
  "a time that is none is refused: %s",
  async (serverUs) => {
    const { venueClock, offUs } = setUp({ readServerTimeUs: async () => serverUs });
    expect(await rejectionOf(venueClock.start())).toBeInstanceOf(ProtocolError);
    expect(offUs()).toBe(0);
  },
);

test("an abort ends the wait of its caller alone, and close ends all", async () => {
  let answer: (us: number) => void = () => {};
  const { venueClock } = setUp({
    probes: 1,
    readServerTimeUs: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  const impatient = new AbortController();
  const first = rejectionOf(venueClock.resync(impatient.signal));
  const second = venueClock.resync();
  impatient.abort(new Error("enough"));
  expect((await first).message).toBe("enough");
  answer(7_000_000);
  await second;
  expect(venueClock.nowUs()).toBe(7_000_000);
  await venueClock.close();
  expect(await rejectionOf(venueClock.start())).toBeInstanceOf(NetworkError);
});

describe("the way to a new offset", () => {
  const startUs = 1_767_225_600_000_000;

  test("is at most 500 ppm for what venues accept, and ends at the new offset", () => {
    const time = slewTowards(settledTime(0, startUs), 0, startUs + 100_000);
    expect(tellUs(time, 1e9) - startUs).toBeCloseTo(1_000_500, 0);
    expect(tellUs(time, 100e9) - startUs).toBeCloseTo(100_050_000, 0);
    expect(tellUs(time, 200e9) - startUs).toBeCloseTo(200_100_000, 0);
    expect(tellUs(time, 900e9) - startUs).toBeCloseTo(900_100_000, 0);
    const back = slewTowards(settledTime(0, startUs), 0, startUs - 50_000);
    expect(tellUs(back, 100e9) - startUs).toBeCloseTo(99_950_000, 0);
  });

  test("is 2 s for more than that, as far as time can be slowed", () => {
    const ahead = slewTowards(settledTime(0, startUs), 0, startUs + 10_000_000);
    expect(tellUs(ahead, 1e9) - startUs).toBeCloseTo(6_000_000, 0);
    expect(tellUs(ahead, 2e9) - startUs).toBeCloseTo(12_000_000, 0);
    const back = slewTowards(settledTime(0, startUs), 0, startUs - 9_000_000);
    expect(tellUs(back, 1e9) - startUs).toBeCloseTo(100_000, 0); // a tenth of the speed
    expect(tellUs(back, 10e9) - startUs).toBeCloseTo(1_000_000, 0);
    expect(tellUs(back, 11e9) - startUs).toBeCloseTo(2_000_000, 0);
  });

  test("never jumps and never goes back, whatever is measured when", () => {
    const step = fc.record({
      waitUs: fc.integer({ min: 0, max: 1_000_000_000 }),
      offsetUs: fc.integer({ min: -10_000_000_000, max: 10_000_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        let atNs = 0;
        let time = settledTime(0, startUs);
        for (const { waitUs, offsetUs } of steps) {
          const before = tellUs(time, atNs);
          time = slewTowards(time, atNs, startUs + atNs / 1000 + offsetUs);
          expect(tellUs(time, atNs)).toBe(before);
          let last = before;
          for (const share of [0.001, 0.01, 0.1, 0.5, 1]) {
            const now = tellUs(time, atNs + waitUs * share * 1000);
            expect(now).toBeGreaterThanOrEqual(last - 0.25); // a number of this size is a multiple of that
            last = now;
          }
          atNs += waitUs * 1000;
        }
      }),
    );
  });

  test("is what the clock tells after a second measurement", async () => {
    const { clock, venueClock, venue, offUs } = setUp({ intervalMs: 1_000 });
    await venueClock.start();
    onTestFinished(() => venueClock.close());
    venue.aheadUs = -5_000_000; // the venue's clock was set back
    let last = venueClock.nowUs();
    await settle();
    clock.advance({ ms: 1_000 });
    await settle();
    expect(venue.probes).toBe(10);
    for (let ms = 0; ms < 20_000; ms += 100) {
      expect(venueClock.nowUs()).toBeGreaterThanOrEqual(last);
      last = venueClock.nowUs();
      clock.advance({ ms: 100 });
    }
    expect(offUs()).toBe(-5_000_000);
  });
});

describe("after a timestamp was refused the time told", () => {
  async function refused(aheadUs: number, tolerates?: VenueClockOptions["tolerates"]) {
    const parts = setUp({ tolerates });
    const { clock, venueClock, venue } = parts;
    await venueClock.resync();
    clock.advance({ ms: 1_000 });
    venue.aheadUs = aheadUs;
    await venueClock.resync();
    return parts;
  }

  test.each([7_000_000, -7_000_000, 3_600_000_000, -3_600_000_000])(
    "steps at once to what was measured, which is told: %d us",
    async (aheadUs) => {
      const { offUs, stepped, measured } = await refused(aheadUs);
      expect(offUs()).toBe(aheadUs);
      expect(stepped).toEqual([{ steppedUs: aheadUs }]);
      expect(measured).toHaveLength(2);
    },
  );

  test.each([
    [2_500_000, true],
    [2_400_000, false],
    [-1_001_000, true],
    [-1_000_000, false],
  ])("steps only where it is beyond what the venue tolerates: %d us, %s", async (aheadUs, isStepped) => {
    const { offUs, stepped } = await refused(aheadUs, { aheadMs: 1_000, behindMs: 2_450 });
    expect([stepped.length, offUs()]).toEqual(isStepped ? [1, aheadUs] : [0, 0]);
  });

  test("steps also when another measurement, a moment ago, has begun to slew", async () => {
    const { clock, venueClock, venue, offUs, stepped } = setUp({ intervalMs: 1_000 });
    await venueClock.start();
    onTestFinished(() => venueClock.close());
    venue.aheadUs = -60_000_000;
    await settle();
    clock.advance({ ms: 1_000 });
    await settle();
    clock.advance({ ms: 500 });
    expect([venue.probes, stepped.length, offUs() > -1_000_000]).toEqual([10, 0, true]);
    await venueClock.resync();
    expect([venue.probes, stepped.length, offUs()]).toEqual([10, 1, -60_000_000]);
    await venueClock.resync(); // others of the crowd
    expect(stepped).toHaveLength(1);
  });

  test("goes on from there without going back, and nonces from it grow all the same", async () => {
    const { clock, venueClock, venue } = setUp();
    const nonce = createNonce(venueClock);
    await venueClock.resync();
    let last = nonce.next();
    clock.advance({ ms: 1_000 });
    venue.aheadUs = -3_600_000_000;
    await venueClock.resync();
    let told = venueClock.nowUs();
    for (let i = 0; i < 100; i++) {
      const next = nonce.next();
      expect(next).toBeGreaterThan(last);
      last = next;
      clock.advance({ ms: 1 });
      expect(venueClock.nowUs()).toBe(told + 1_000);
      told += 1_000;
    }
  });
});

describe("a nonce", () => {
  test("grows in one millisecond, and through a clock that is set back", () => {
    let us = 5_000_000;
    const nonce = createNonce({ nowUs: () => us });
    expect([nonce.next(), nonce.next(), nonce.next()]).toEqual([5_000, 5_001, 5_002]);
    us = 1_000_000;
    expect(nonce.next()).toBe(5_003);
    us = 9_000_999;
    expect(nonce.next()).toBe(9_000);
  });

  test("of no clock there is none, and of one that tells no time none until it does", () => {
    for (const clock of [undefined, null, {}, { nowUs: 5 }]) {
      expect(() => createNonce(clock as never)).toThrow(InvalidInputError);
    }
    let us: unknown = Number.NaN;
    const nonce = createNonce({ nowUs: () => us as number });
    for (us of [Number.NaN, Number.POSITIVE_INFINITY, -1, "5", undefined]) {
      expect(() => nonce.next()).toThrow(InvalidInputError);
      expect(() => nonce.next()).toThrow(/^clock\.nowUs\(\) must be a number from 0 to/);
    }
    us = 7_000;
    expect(nonce.next()).toBe(7);
  });

  test("in microseconds is the time in microseconds", () => {
    expect(createNonce({ nowUs: () => 42 }, "us").next()).toBe(42);
    expect(() => createNonce({ nowUs: () => 42 }, "ns" as "us")).toThrow(InvalidInputError);
  });

  test("never repeats, whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e15 })), (readings) => {
        let at = 0;
        const nonce = createNonce({ nowUs: () => readings[at++] ?? 0 });
        let last = 0;
        for (const _ of readings) {
          const next = nonce.next();
          expect(next).toBeGreaterThan(last);
          last = next;
        }
      }),
    );
  });
});

describe("bad input is refused before any I/O", () => {
  test.each([
    ["probes", { probes: 0 }],
    ["probes", { probes: 1.5 }],
    ["intervalMs", { intervalMs: 999 }],
    ["tolerates.aheadMs", { tolerates: { aheadMs: 0, behindMs: 100 } }],
    ["tolerates.behindMs", { tolerates: { aheadMs: 100, behindMs: Number.NaN } }],
    ["intervalMs", { intervalMs: Number.NaN }],
  ])("%s", (field, options) => {
    expect(() => setUp(options)).toThrow(InvalidInputError);
    expect(() => setUp(options)).toThrow(new RegExp(`^${field} must`));
  });
});
