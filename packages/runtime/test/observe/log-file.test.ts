import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import { Redactor } from "@pitlane/sdk/venue";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Alert } from "../../src/alerts/rules.ts";
import { alertLine, faultLine, operatorLine, toLogLine, tradingLine } from "../../src/observe/log-entries.ts";
import { type LogFileLine, type LogFileOptions, openLogFile } from "../../src/observe/log-file.ts";
import { withoutSecrets } from "../../src/observe/log-redaction.ts";

const SECRET = 'pl-"s3cret"\\ k/ey+9=';

const ALERT: Alert = {
  id: "order-latency-p99:1",
  rule: "order-latency-p99",
  title: "p99 of order execution",
  subject: "",
  severity: "warning",
  state: "raised",
  value: 0.061,
  threshold: 0.05,
  unit: "s",
  raisedAtUs: 1_000_000,
  changedAtUs: 2_000_000,
  resolvedAtUs: null,
  acknowledgedBy: null,
};

async function setUp(options: Partial<LogFileOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const redactor = new Redactor();
  redactor.set("test", [SECRET]);
  const faults: string[] = [];
  const log = await openLogFile({
    folder,
    runId: "20261121-063031-k3f9",
    clock: new ManualClock(),
    redact: (text) => redactor.redact(text),
    onFault: (message) => faults.push(message),
    ...options,
  });
  const text = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("");
  const written = async (...lines: readonly LogFileLine[]) => {
    for (const line of lines) log.write(line);
    await log.close();
    return text()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { folder, log, faults, text, written };
}

test("a line of the session is a line of JSON with its time, level, run, kind and source", async () => {
  const { written } = await setUp();
  const [line] = await written(toLogLine({ atUs: 1_795_300_000_000_000, source: "maker", message: "quoting" }));
  expect(line).toEqual({
    level: "info",
    atUs: 1_795_300_000_000_000,
    run: "20261121-063031-k3f9",
    kind: "line",
    source: "maker",
    msg: "quoting",
  });
});

test("alerts, faults, an operator's actions and how trading stands are lines of their own kinds", async () => {
  const { written } = await setUp();
  const lines = await written(
    alertLine(ALERT),
    alertLine({ ...ALERT, severity: "critical", acknowledgedBy: "ann" }),
    alertLine({ ...ALERT, state: "resolved", resolvedAtUs: 3_000_000 }),
    faultLine("market", "a gap"),
    operatorLine("pause", { plugin: "maker" }, "dashboard"),
    tradingLine({ state: "halted", reason: "drawdown", by: "risk", sinceUs: 5 }),
  );
  expect(lines.map(({ kind, level, msg }) => [kind, level, msg])).toEqual([
    ["alert", "warn", "p99 of order execution: warning, 0.061 s (threshold 0.05)"],
    ["alert", "error", "p99 of order execution: critical, acknowledged by ann, 0.061 s (threshold 0.05)"],
    ["alert", "info", "p99 of order execution: resolved, 0.061 s (threshold 0.05)"],
    ["fault", "error", "a gap"],
    ["operator", "warn", "pause, by dashboard"],
    ["trading", "warn", "trading is halted, by risk: drawdown"],
  ]);
  expect(lines[4]).toMatchObject({ detail: { action: "pause", plugin: "maker", by: "dashboard" } });
});

test("lines below the level are not written", async () => {
  const { written } = await setUp({ level: "warn" });
  const lines = await written(
    { source: "a", message: "no", level: "debug" },
    { source: "a", message: "no" },
    { source: "a", message: "yes", level: "warn" },
    { source: "a", message: "yes", level: "error" },
  );
  expect(lines.map(({ msg }) => msg)).toEqual(["yes", "yes"]);
});

test("a secret that is put through every path never reaches the file", async () => {
  const { written, text, faults } = await setUp({ level: "debug", maxBytes: 2000 });
  const odd = { toJSON: () => ({ nested: SECRET }) };
  const error = new TypeError(`refused ${SECRET}`, { cause: new Error(SECRET) });
  await written(
    toLogLine({ atUs: 1, source: SECRET, message: `said ${SECRET}` }),
    faultLine(SECRET, `the venue said key=${encodeURIComponent(SECRET)}`),
    alertLine({ ...ALERT, title: SECRET, subject: SECRET, acknowledgedBy: SECRET }),
    operatorLine(SECRET, { [SECRET]: [SECRET, { deep: { deeper: SECRET } }] }, SECRET),
    tradingLine({ state: "halted", reason: SECRET, by: SECRET, sinceUs: 5 }),
    { source: "a", message: Buffer.from(`key:${SECRET}`).toString("base64"), detail: { odd, error } },
    { source: "a", message: "b", detail: { map: new Map([[SECRET, SECRET]]), set: new Set([SECRET]) } },
    { source: "a", message: "b", level: "debug", detail: { text: JSON.stringify({ key: SECRET }) } },
  );
  const file = text();
  for (const part of ["s3cret", "k/ey", Buffer.from(SECRET).toString("base64").slice(2, -4)])
    expect(file).not.toContain(part);
  expect(file.split("[secret]").length).toBeGreaterThan(15);
  expect(faults).toEqual([]);
});

test("what stands under a secret's name is masked although nobody has named it a secret", async () => {
  const { written } = await setUp();
  const [line] = await written({
    source: "a",
    message: "b",
    detail: {
      apiKey: "unknown-1",
      headers: { authorization: "unknown-2", Cookie: "kept" },
      account: { bot_token: { a: "unknown-3" }, password: 12_345 },
      signature: "unknown-4",
    },
  });
  expect(line?.["detail"]).toEqual({
    apiKey: "[secret]",
    headers: { authorization: "[secret]", Cookie: "kept" },
    account: { bot_token: "[secret]", password: "[secret]" },
    signature: "[secret]",
  });
});

describe("what a detail may be", () => {
  const plain = (value: unknown) => withoutSecrets(value, (text) => text);

  test("all that JSON cannot hold becomes text, and a circle is cut", () => {
    const circle: Record<string, unknown> = {
      big: 10n,
      nan: Number.NaN,
      call: () => 1,
      none: undefined,
      date: new Date(0),
    };
    circle["self"] = circle;
    const shown = plain(circle);
    expect(shown).toMatchObject({
      big: "10",
      nan: "NaN",
      call: "[function]",
      none: null,
      date: "1970-01-01T00:00:00.000Z",
    });
    expect(JSON.stringify(shown)).toContain("[too deep]");
  });

  test("what is plain data stays as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(
          !JSON.stringify(value)
            .toLowerCase()
            .match(/key|secret|token|pass|jwt|cred|mnem|seed/),
        );
        expect(JSON.stringify(plain(value))).toBe(JSON.stringify(value)); // as text: JSON knows no -0
      }),
    );
  });

  test("no text that the redactor knows is left, wherever it stands", () => {
    const redactor = new Redactor();
    redactor.set("test", [SECRET]);
    const secretive = fc.oneof(
      fc.string(),
      fc.string().map((text) => `${text}${SECRET}`),
    );
    fc.assert(
      fc.property(fc.object({ key: secretive, values: [secretive, fc.integer()], maxDepth: 6 }), (value) => {
        expect(JSON.stringify(withoutSecrets(value, (text) => redactor.redact(text)))).not.toContain("s3cret");
      }),
    );
  });
});

test("a process that ends itself leaves all its lines in the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entry = new URL("./log-exit.mjs", import.meta.url).pathname;
  const { status, stderr } = spawnSync(process.execPath, ["--conditions=@pitlane/source", entry, folder], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(3);
  const lines = readFileSync(join(folder, "log.jsonl"), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(
    Array.from({ length: 1000 }, (_, i) => `line ${i}`),
  );
});
