import { InvalidInputError } from "@pitlane/perf";
import * as v from "valibot";
import { expect, test } from "vitest";
import { builtInRules } from "../../src/alerts/built-in.ts";
import { listRules, ruleProblems, rulesOf } from "../../src/alerts/configure.ts";
import { type AlertsSettings, alertsSettings } from "../../src/alerts/settings.ts";
import { ALERT_SIGNALS } from "../../src/alerts/signals.ts";
import { checkConfig } from "../../src/config.ts";

const BOUNDS = { laneCapacity: 10_000, orderQueue: 10_000 };
const settings = (input: v.InferInput<typeof alertsSettings>): AlertsSettings => v.parse(alertsSettings, input);
const ruleOf = (input: v.InferInput<typeof alertsSettings>, name: string) =>
  listRules(settings(input), BOUNDS).find(({ rule }) => rule.name === name);

test("every built-in rule makes sense, and its name is its own", () => {
  const rules = builtInRules(BOUNDS);
  for (const rule of rules) expect([rule.name, ruleProblems(rule)]).toEqual([rule.name, []]);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});

test("the names of signals are their own, in kebab case", () => {
  const names = ALERT_SIGNALS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
});

test("without settings the built-in rules are on, but for the rate of events", () => {
  const names = rulesOf(settings({}), BOUNDS).map(({ name }) => name);
  expect(names).not.toContain("event-rate");
  expect(names).toHaveLength(builtInRules(BOUNDS).length - 1);
  expect(rulesOf(settings({ enabled: false }), BOUNDS)).toEqual([]);
});

test("a change takes the rest from the built-in rule; another threshold does not keep the old clearAt", () => {
  const rules = {
    "transaction-p95": { warning: { threshold: 0.3 } },
    "connection-failures": { warning: { threshold: 20 } },
    memory: { critical: { enabled: false } },
  };
  expect(ruleOf({ rules }, "transaction-p95")?.rule.warning).toEqual({ threshold: 0.3, forMs: 120_000 });
  expect(ruleOf({ rules }, "connection-failures")?.rule.warning).toEqual({ threshold: 20 });
  expect(ruleOf({ rules }, "memory")?.rule.critical).toBeUndefined();
  expect(ruleOf({ rules }, "memory")).toMatchObject({ isOn: true, from: "changed" });
});

test("a rule can be switched off, and one that is off switched on with its own thresholds or those given", () => {
  expect(ruleOf({ rules: { drawdown: { enabled: false } } }, "drawdown")?.isOn).toBe(false);
  const on = ruleOf({ rules: { "event-rate": { enabled: true } } }, "event-rate");
  expect(on).toMatchObject({ isOn: true, rule: { warning: { threshold: 500 }, critical: { threshold: 100 } } });
  const own = ruleOf({ rules: { "event-rate": { warning: { threshold: 20 } } } }, "event-rate");
  expect(own?.isOn).toBe(true);
  expect(own?.rule).toMatchObject({ warning: { threshold: 20, forMs: 10_000 } });
  expect(own?.rule.critical).toBeUndefined();
});

test("a rule of one's own is added", () => {
  const add = [{ name: "hot", signal: "cpu", warning: { threshold: 0.9, forMs: 60_000 } }];
  expect(ruleOf({ add }, "hot")).toEqual({
    rule: { name: "hot", title: "hot", signal: "cpu", bad: "above", warning: { threshold: 0.9, forMs: 60_000 } },
    isOn: true,
    from: "own",
  });
});

test("everything that makes no sense is told at once", () => {
  const wrong = settings({
    rules: {
      "order-latency": { warning: { threshold: 1 } },
      drawdown: { warning: { threshold: 0.9 } },
      "limiter-used": { critical: { forMs: 1000 } },
      memory: { warning: { clearAt: 2 ** 31 } },
      "journal-lag": { warning: { enabled: false }, critical: { enabled: false } },
    },
    add: [
      { name: "mood", signal: "moods", warning: { threshold: 1 } },
      { name: "memory", signal: "memory", warning: { threshold: 1 } },
      { name: "empty", signal: "cpu" },
    ],
  });
  expect(() => listRules(wrong, BOUNDS)).toThrow(InvalidInputError);
  expect(() => listRules(wrong, BOUNDS)).toThrow(/order-latency is no rule \(did you mean order-latency-p99\?\)/);
  for (const problem of [
    /rules\.drawdown has a critical threshold that is better than its warning/,
    /rules\.limiter-used needs a critical\.threshold/,
    /rules\.memory has a warning\.clearAt on the bad side/,
    /rules\.journal-lag needs a warning or a critical threshold/,
    /add: mood looks at moods, which is no signal/,
    /add: memory is the name of another rule/,
    /add: empty needs a warning or a critical threshold/,
  ])
    expect(() => listRules(wrong, BOUNDS)).toThrow(problem);
});

test.each([
  ["an address without a protocol", { sinks: { webhooks: [{ url: "example.com/hook" }] } }, /begins with https/],
  ["a rule's name in capitals", { add: [{ name: "Hot", signal: "cpu", warning: { threshold: 1 } }] }, /kebab case/],
  [
    "an e-mail to nobody",
    { sinks: { email: [{ host: "mail", from: "a@example.com", to: [] }] } },
    /at least one address/,
  ],
  [
    "a bot's token in clear",
    { sinks: { telegram: [{ botToken: "123:abc", chatId: "1" }] } },
    /a secret must not stand here/,
  ],
  [
    "a password in clear",
    { sinks: { email: [{ host: "m", from: "a@b", to: ["c@d"], password: "hunter22" }] } },
    /a secret must not stand/,
  ],
  ["a setting that there is not", { sink: {} }, /alerts\.sink is not a setting/],
])("%s is refused", (_, alerts, message) => {
  expect(() => checkConfig({ alerts }, "test")).toThrow(message);
});

test("secrets are named, alone or within an address", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: how settings name a secret
  const [token, url] = ["${secret:BOT}", "https://hooks.example.com/${secret:HOOK}"];
  const alerts = { sinks: { telegram: [{ botToken: token, chatId: "1" }], webhooks: [{ url }, { url: token }] } };
  expect(checkConfig({ alerts }, "test").alerts.sinks).toMatchObject({ log: true, ...alerts.sinks });
});
