import fc from "fast-check";
import { expect, test } from "vitest";
import { type DigestInput, digest, nextRepeatMs, type Told } from "../../../src/alerts/notify/digest.ts";
import type { Alert, Severity } from "../../../src/alerts/rules.ts";
import { alertOf, resolvedOf } from "./alert.ts";

const NEVER = Number.POSITIVE_INFINITY;
const BASE: DigestInput = { told: new Map(), changed: [], least: "warning", repeatMs: NEVER, nowMs: 0 };
const critical = alertOf({ severity: "critical" });
const news = (input: Partial<DigestInput>) => {
  const { items, told } = digest({ ...BASE, ...input });
  return { said: items.map((item) => item.news), told };
};

test("what is raised is told once, what is over is told, and then forgotten", () => {
  const first = news({ changed: [alertOf()] });
  expect(first.said).toEqual(["raised"]);
  expect(news({ told: first.told, changed: [alertOf()] }).said).toEqual([]);
  const last = news({ told: first.told, changed: [resolvedOf(alertOf())] });
  expect(last.said).toEqual(["resolved"]);
  expect(last.told.size).toBe(0);
});

test("worse and better are told, there and back again is not", () => {
  const { told } = news({ changed: [alertOf()] });
  expect(news({ told, changed: [critical] }).said).toEqual(["worse"]);
  expect(news({ told, changed: [alertOf({ value: 0.07 })] }).said).toEqual([]);
  const worse = news({ told, changed: [critical] }).told;
  expect(news({ told: worse, changed: [alertOf()] }).said).toEqual(["better"]);
});

test("what was raised and resolved in one go is told as resolved", () => {
  expect(news({ changed: [resolvedOf(alertOf())] }).said).toEqual(["resolved"]);
});

test("a sink for critical ones hears of a warning when it gets worse, and from then on until it is over", () => {
  const least: Severity = "critical";
  expect(news({ least, changed: [alertOf()] }).said).toEqual([]);
  expect(news({ least, changed: [resolvedOf(alertOf())] }).said).toEqual([]);
  const raised = news({ least, changed: [critical] });
  expect(raised.said).toEqual(["raised"]);
  const better = news({ least, told: raised.told, changed: [alertOf()] });
  expect(better.said).toEqual(["better"]);
  expect(news({ least, told: better.told, nowMs: 1e9, repeatMs: 1000 }).said).toEqual([]);
  expect(news({ least, told: better.told, changed: [resolvedOf(alertOf())] }).said).toEqual(["resolved"]);
});

test("it is repeated every repeatMs until somebody acknowledges it", () => {
  const raised = news({ changed: [alertOf()], repeatMs: 1000 });
  expect(nextRepeatMs(raised.told, "warning", 1000)).toBe(1000);
  expect(news({ told: raised.told, repeatMs: 1000, nowMs: 999 }).said).toEqual([]);
  const again = news({ told: raised.told, repeatMs: 1000, nowMs: 1000 });
  expect(again.said).toEqual(["repeated"]);
  expect(nextRepeatMs(again.told, "warning", 1000)).toBe(2000);
  const seen = news({ told: again.told, changed: [alertOf({ acknowledgedBy: "ann" })], repeatMs: 1000, nowMs: 1500 });
  expect(seen.said).toEqual([]);
  expect(nextRepeatMs(seen.told, "warning", 1000)).toBe(NEVER);
  expect(news({ told: seen.told, repeatMs: 1000, nowMs: 1e9 }).said).toEqual([]);
});

test("critical ones are first, resolved ones last", () => {
  const changed = [resolvedOf(alertOf({ id: "a" })), alertOf({ id: "b" }), { ...critical, id: "c" }];
  expect(digest({ ...BASE, changed }).items.map(({ alert }) => alert.id)).toEqual(["c", "b", "a"]);
});

const stepArb = fc.array(
  fc.record({
    id: fc.constantFrom("a", "b", "c"),
    to: fc.constantFrom("warning", "critical", "resolved"),
  }),
  { maxLength: 4 },
);

test("whoever reads all messages knows what is raised: none is told twice, resolved twice, or resolved without having been heard of", () => {
  fc.assert(
    fc.property(fc.array(stepArb, { maxLength: 20 }), fc.constantFrom("warning", "critical"), (groups, least) => {
      let told: ReadonlyMap<string, Told> = new Map();
      const now = new Map<string, Alert>();
      const known = new Map<string, Severity>();
      let serial = 0;
      for (const group of groups) {
        const changed = new Map<string, Alert>();
        for (const { id, to } of group) {
          const before = now.get(id);
          if (to === "resolved") {
            if (before === undefined) continue;
            now.delete(id);
            changed.set(before.id, resolvedOf(before));
          } else {
            const after: Alert = { ...(before ?? alertOf({ id: `${id}${serial++}` })), severity: to };
            now.set(id, after);
            changed.set(after.id, after);
          }
        }
        const result = digest({ ...BASE, told, changed: [...changed.values()], least });
        told = result.told;
        for (const { news: said, alert } of result.items) {
          const before = known.get(alert.id);
          if (said === "resolved") {
            if (before === undefined) expect(alert.severity === "critical" || least === "warning").toBe(true);
            known.delete(alert.id);
          } else {
            expect(before).not.toBe(alert.severity);
            known.set(alert.id, alert.severity);
          }
        }
        for (const { id, severity } of now.values())
          if (least === "warning" || severity === "critical") expect(known.get(id)).toBe(severity);
      }
    }),
  );
});
