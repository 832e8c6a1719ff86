import fc from "fast-check";
import { expect, test } from "vitest";
import { attribute, type OrderTimes } from "../../src/observe/attribution.ts";
import { type Disturbance, ORDER_STAGES } from "../../src/observe/sample.ts";

const MS = 1e6;
const TIMES: OrderTimes = {
  triggerNs: 0,
  bornNs: 1 * MS,
  approvedNs: 3 * MS,
  turnNs: 6 * MS,
  sentNs: 10 * MS,
  answeredNs: 15 * MS,
};

const times = fc
  .tuple(fc.nat(1e9), fc.array(fc.nat(1e8), { minLength: 5, maxLength: 5 }), fc.boolean())
  .map(([start, steps, hasTrigger]): OrderTimes => {
    const [bornNs = 0, approvedNs = 0, turnNs = 0, sentNs = 0, answeredNs = 0] = steps.map((_, i) =>
      steps.slice(0, i + 1).reduce((sum, step) => sum + step, start),
    );
    return { triggerNs: hasTrigger ? start : Number.NaN, bornNs, approvedNs, turnNs, sentNs, answeredNs };
  });
const disturbance = fc
  .tuple(
    fc.constantFrom<Disturbance["kind"]>("gc", "loopStall", "limiterWait", "reconnect"),
    fc.constantFrom("one", "other"),
    fc.nat(2e9),
    fc.nat(3e8),
  )
  .map(([kind, what, startNs, tookNs]): Disturbance => ({ kind, what, startNs, endNs: startNs + tookNs }));
const disturbances = fc.array(disturbance, { maxLength: 30 });

test("an order's stages follow each other, and the longest is named", () => {
  expect(attribute(TIMES, [])).toEqual({
    totalUs: 15_000,
    stages: { decide: 1_000, check: 2_000, queue: 3_000, send: 4_000, venue: 5_000 },
    slowest: "venue",
    overlaps: [],
  });
});

test("an order that no frame caused has no decision to wait for, and its time begins with the wish", () => {
  const { totalUs, stages } = attribute({ ...TIMES, triggerNs: Number.NaN }, []);
  expect(totalUs).toBe(14_000);
  expect(stages.decide).toBeNull();
});

test("of an order whose bytes nobody saw leave, neither sending nor the venue's part is known", () => {
  const { stages, slowest } = attribute({ ...TIMES, sentNs: Number.NaN }, []);
  expect(stages).toEqual({ decide: 1_000, check: 2_000, queue: 3_000, send: null, venue: null });
  expect(slowest).toBe("queue");
});

test("a disturbance counts with its part within the order's time, the longest first", () => {
  const { overlaps } = attribute(TIMES, [
    { kind: "gc", what: "minor", startNs: -5 * MS, endNs: 2 * MS },
    { kind: "limiterWait", what: "weight", startNs: 4 * MS, endNs: 9 * MS },
    { kind: "reconnect", what: "user stream", startNs: 14 * MS, endNs: 60 * MS },
    { kind: "loopStall", what: "event loop", startNs: 15 * MS, endNs: 80 * MS },
  ]);
  expect(overlaps).toEqual([
    { kind: "limiterWait", what: "weight", us: 5_000 },
    { kind: "gc", what: "minor", us: 2_000 },
    { kind: "reconnect", what: "user stream", us: 1_000 },
  ]);
});

test("moments that several of one kind cover count once", () => {
  const { overlaps } = attribute(TIMES, [
    { kind: "limiterWait", what: "weight", startNs: 1 * MS, endNs: 8 * MS },
    { kind: "limiterWait", what: "weight", startNs: 2 * MS, endNs: 5 * MS },
    { kind: "limiterWait", what: "weight", startNs: 7 * MS, endNs: 9 * MS },
    { kind: "limiterWait", what: "orders", startNs: 2 * MS, endNs: 3 * MS },
  ]);
  expect(overlaps).toEqual([
    { kind: "limiterWait", what: "weight", us: 8_000 },
    { kind: "limiterWait", what: "orders", us: 1_000 },
  ]);
});

test("known stages sum to the whole, and none is longer", () => {
  fc.assert(
    fc.property(times, (of) => {
      const { totalUs, stages, slowest } = attribute(of, []);
      const sum = ORDER_STAGES.reduce((all, stage) => all + (stages[stage] ?? 0), 0);
      expect(sum).toBeCloseTo(totalUs, 3);
      for (const stage of ORDER_STAGES) expect(stages[stage] ?? 0).toBeLessThanOrEqual(stages[slowest] ?? -1);
    }),
  );
});

test("an overlap is longer than nothing and no longer than the order; what is told does not depend on the order of the telling", () => {
  fc.assert(
    fc.property(times, disturbances, (of, all) => {
      const { totalUs, overlaps } = attribute(of, all);
      for (const { us } of overlaps) {
        expect(us).toBeGreaterThan(0);
        expect(us).toBeLessThanOrEqual(totalUs + 1e-6);
      }
      const sorted = (list: typeof overlaps) =>
        [...list].sort((a, b) => `${a.kind}${a.what}`.localeCompare(`${b.kind}${b.what}`));
      expect(sorted(attribute(of, [...all].reverse()).overlaps)).toEqual(sorted(overlaps));
    }),
  );
});

test("a kind is told of exactly when one of it overlaps", () => {
  fc.assert(
    fc.property(times, disturbances, (of, all) => {
      const startNs = Number.isNaN(of.triggerNs) ? of.bornNs : of.triggerNs;
      const wanted = all.filter((one) => Math.min(one.endNs, of.answeredNs) - Math.max(one.startNs, startNs) > 0);
      const told = new Set(attribute(of, all).overlaps.map(({ kind, what }) => `${kind} ${what}`));
      expect(told).toEqual(new Set(wanted.map(({ kind, what }) => `${kind} ${what}`)));
    }),
  );
});

test("one disturbance more never makes an overlap shorter", () => {
  fc.assert(
    fc.property(times, disturbances, disturbance, (of, all, more) => {
      const before = attribute(of, all).overlaps;
      const after = attribute(of, [...all, more]).overlaps;
      for (const { kind, what, us } of before)
        expect(after.find((one) => one.kind === kind && one.what === what)?.us).toBeGreaterThanOrEqual(us);
    }),
  );
});
