import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { Redactor } from "@pitlane/sdk/venue";
import { expect, onTestFinished, test } from "vitest";
import { checkConfig, defineStrategy, openRuntime } from "../../src/index.ts";

const SECRET = "pl-s3cret-0123456789";

/** Says its secret in every way it can. */
const babbler = defineStrategy({
  name: "babbler",
  setup(ctx) {
    let heard = 0;
    ctx.on("quote", {}, () => {
      if (heard++ === 0) ctx.log(`my key is ${SECRET}`);
      if (heard === 2) throw new Error(`refused: apiKey=${encodeURIComponent(SECRET)}`);
    });
  },
});

test("a session's log file has what was said, done and went wrong, and no secret of it", async () => {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  onTestFinished(() => paper.close());
  const { apiKey, apiSecret, urls } = paper;
  const client = createBinance({ venue: "paper", urls, credentials: { apiKey, apiSecret }, clock });
  onTestFinished(() => client.close());
  const folder = await mkdtemp(join(tmpdir(), "pitlane-log-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const redactor = new Redactor();
  redactor.set("settings", [SECRET]);
  const runtime = await openRuntime({
    run: { id: "log-run", key: "log" },
    mode: "paper",
    config: checkConfig({ risk: { afterHalt: "stay" } }, "test"),
    plugins: [{ plugin: babbler }],
    client,
    trading: client,
    journalPath: join(folder, "journal.db"),
    recvWindowMs: 5000,
    clock,
    redact: (text) => redactor.redact(text),
    log: () => {},
  });
  const { observed } = runtime;
  observed.log(SECRET, `an observer says ${SECRET}`);
  observed.actions.note(SECRET, { note: [SECRET], apiKey: "one that no redactor knows" }, SECRET);
  observed.actions.setTradingState("halted", `because of ${SECRET}`, SECRET);
  while (runtime.status().faults === 0) await clock.sleep(10);
  await runtime.close("duration");

  const files = (await readdir(folder)).filter((name) => name.startsWith("log"));
  expect(files).toEqual(["log.jsonl"]);
  const text = await readFile(join(folder, "log.jsonl"), "utf8");
  expect(text).not.toContain("s3cret");
  expect(text).not.toContain("no redactor knows");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; source: string; msg: string; run: string; atUs: number });
  expect(new Set(lines.map(({ run }) => run))).toEqual(new Set(["log-run"]));
  expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(["line", "fault", "operator", "trading"]));
  expect(lines).toContainEqual(expect.objectContaining({ source: "babbler", msg: "my key is [secret]" }));
  expect(lines.some(({ kind, msg }) => kind === "fault" && msg.includes("apiKey=[secret]"))).toBe(true);
  expect(lines.some(({ kind, msg }) => kind === "trading" && msg.includes("because of [secret]"))).toBe(true);
});
