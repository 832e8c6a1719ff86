import { expect, test } from "vitest";
import { formatValue, lineOf, subjectOf, textOf } from "../../../src/alerts/notify/message.ts";
import { alertOf, messageOf, resolvedOf } from "./alert.ts";

test("a line says how bad it is, what it is about, the value and the threshold", () => {
  expect(lineOf({ news: "raised", alert: alertOf() })).toBe(
    "warning: p99 of order execution is 61.2 ms, threshold 50 ms",
  );
  const limiter = alertOf({
    title: "request budget",
    subject: "alpha/weight",
    unit: "ratio",
    value: 0.934,
    threshold: 0.9,
  });
  expect(lineOf({ news: "repeated", alert: limiter })).toBe(
    "warning: request budget (alpha/weight) is 93.4 %, threshold 90 % (still)",
  );
  expect(lineOf({ news: "worse", alert: alertOf({ severity: "critical" }) })).toMatch(
    /^critical: .*\(it was a warning\)$/,
  );
  expect(lineOf({ news: "better", alert: alertOf() })).toMatch(/\(it was critical\)$/);
});

test("a resolved one says what the value is now and how long it lasted", () => {
  expect(lineOf({ news: "resolved", alert: resolvedOf(alertOf(), 90) })).toBe(
    "resolved: p99 of order execution is 20 ms, after 90 s",
  );
  expect(lineOf({ news: "resolved", alert: { ...resolvedOf(alertOf(), 600), resolvedBy: "noData" } })).toBe(
    "resolved: p99 of order execution: nothing is measured any more, after 10 min",
  );
});

test("the subject counts, the text has a line an alert", () => {
  const critical = alertOf({ id: "2", severity: "critical" });
  const message = messageOf(
    ["raised", critical],
    ["raised", alertOf()],
    ["repeated", alertOf({ id: "3" })],
    ["resolved", resolvedOf(alertOf({ id: "4" }))],
  );
  expect(subjectOf(message)).toBe("Pitlane: 1 critical, 2 warnings, 1 resolved");
  expect(subjectOf(messageOf())).toBe("Pitlane: 1 warning");
  expect(textOf(message).split("\n")).toHaveLength(5);
  expect(textOf(message)).toMatch(/^Pitlane: 1 critical, 2 warnings, 1 resolved \(run run\)\n/);
});

test.each([
  [0.000085, "s", "85 us"],
  [0.612, "s", "612 ms"],
  [0, "s", "0 s"],
  [2.5, "s", "2.5 s"],
  [300, "s", "5 min"],
  [0.05, "ratio", "5 %"],
  [1.5 * 2 ** 30, "bytes", "1.5 GiB"],
  [410 * 2 ** 20, "bytes", "410 MiB"],
  [12, "per minute", "12 per minute"],
  [9000, "events", "9000"],
])("%d %s reads as %s", (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});
