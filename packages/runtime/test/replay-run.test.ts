import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { expect, test, vi } from "vitest";
import { checkConfig, defineStrategy, openRuntime } from "../src/index.ts";
import { replayRun } from "../src/replay-run.ts";

let signals = 0;

/** Gives one signal of confidence 0.7 on the first quote. */
const signaller = defineStrategy({
  name: "signaller",
  setup(ctx) {
    const [instrument] = ctx.instruments;
    let isDone = false;
    ctx.on("quote", { instrument: instrument! }, ({ askTicks }) => {
      if (isDone) return;
      isDone = true;
      signals++;
      const sizeLots = Math.max(instrument!.minLots, instrument!.lotIncrement) * 1000;
      ctx.submitSignal({ instrument: instrument!, side: "buy", sizeLots, priceTicks: askTicks, confidence: 0.7 });
    });
  },
});

test("a replay decides by all settings of the run, and a what-if by those that it names and the run's others", async () => {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-replay-")), "journal.db");
  const config = checkConfig({ execution: { minConfidence: 0.9 } }, "test");
  const plugins = [{ plugin: signaller }];
  try {
    const runtime = await openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "paper",
      config,
      plugins,
      client,
      trading: client,
      journalPath,
      recvWindowMs: 5000,
      clock,
      log: () => {},
    });
    await vi.waitFor(() => expect(signals).toBe(1), { timeout: 20_000 });
    const { orders } = await runtime.close("requested");
    expect(orders).toMatchObject({ intents: 1, denied: 1 }); // by its confidence
  } finally {
    await client.close();
    await paper.close();
  }
  const options = { journalPath, plugins, clock, log: () => {} };
  expect(await replayRun(options)).toMatchObject({ divergences: 0, first: null, isWhatIf: false });
  const { risk, execution } = checkConfig({ execution: { minConfidence: 0.5 } }, "test");
  expect(await replayRun({ ...options, whatIf: { risk } })).toMatchObject({ divergences: 0, isWhatIf: true });
  const bolder = await replayRun({ ...options, whatIf: { execution } });
  expect(bolder.first?.recorded?.body).toContain("LOW_CONFIDENCE");
  expect(bolder.first?.replayed?.body).not.toContain("LOW_CONFIDENCE");
});
