import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, type PaperOptions } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { expect, vi } from "vitest";
import type { Severity } from "../../src/alerts/rules.ts";
import { type ConfigInput, checkConfig, defineStrategy, lotsWorth, openRuntime, type Plugin } from "../../src/index.ts";
import { readRows } from "../../src/journal/read.ts";

const PAIR = {
  symbol: "AAAUSDT",
  base: "AAA",
  quote: "USDT",
  tickSize: "0.01",
  lotSize: "0.001",
  minSize: "0.001",
  maxSize: "90000",
  minNotional: "5",
  startPrice: "100",
} as const;

export interface SessionSetUp {
  readonly plugin?: Plugin;
  readonly config?: ConfigInput;
  readonly paper?: PaperOptions;
  readonly onTestFinished: (close: () => Promise<void>) => void;
}

/** Most figures are of the last minute: an alert is over a minute after its cause at the latest. */
const A_MINUTE = { timeout: 90_000, interval: 100 } as const;
export const SOON = { timeout: 60_000, interval: 50 } as const;

/** A session on a paper exchange of its own, whose alerts look from the first second on. */
export async function openAlerted({
  plugin = idle(),
  config = {},
  paper: paperOptions = {},
  onTestFinished,
}: SessionSetUp) {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock, instruments: [PAIR], ...paperOptions });
  onTestFinished(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  onTestFinished(() => client.close());
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-alerts-")), "journal.db");
  const lines: string[] = [];
  const settings = checkConfig({ ...config, alerts: { warmUpMs: 0, noDataMs: 1000, ...config.alerts } }, "test");
  const runtime = await openRuntime({
    run: { id: "alerts", key: "alerts" },
    mode: "paper",
    config: settings,
    plugins: [{ plugin }],
    client,
    trading: client,
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: (source, message) => lines.push(`${source}: ${message}`),
  });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await runtime.close("requested");
    isClosed = true;
  };
  onTestFinished(close);
  const { alerts, samples } = runtime.observed;
  return {
    paper,
    client,
    runtime,
    samples,
    lines,
    /** Checks that none of the rules has been raised so far. */
    quiet: (...rules: readonly string[]) => {
      const known = [...alerts.active, ...alerts.resolved].map(({ rule }) => rule);
      expect(known.filter((rule) => rules.includes(rule))).toEqual([]);
    },
    /** Waits until the rule is raised, as severe as that where it is said. */
    raised: (rule: string, severity?: Severity) =>
      vi.waitFor(() => {
        const raised = alerts.active.filter((alert) => severity === undefined || alert.severity === severity);
        expect(raised.map((alert) => alert.rule)).toContain(rule);
      }, SOON),
    /** Waits until none of the rules is raised, each having been resolved, and checks that the journal has both. */
    over: async (...rules: readonly string[]) => {
      await vi.waitFor(() => {
        expect(alerts.active.map(({ rule }) => rule).filter((rule) => rules.includes(rule))).toEqual([]);
        expect(new Set(alerts.resolved.map(({ rule }) => rule))).toEqual(
          new Set([...alerts.resolved.map(({ rule }) => rule), ...rules]),
        );
      }, A_MINUTE);
      await close();
      const told = [...readRows(journalPath)]
        .filter(({ kind }) => kind === "alert")
        .map(
          ({ body }) =>
            JSON.parse(String(body)) as { readonly change: string; readonly alert: { readonly rule: string } },
        )
        .map(({ change, alert }) => `${change} ${alert.rule}`);
      for (const rule of rules) expect(told).toEqual(expect.arrayContaining([`raised ${rule}`, `resolved ${rule}`]));
      expect(lines.filter((line) => line.startsWith("alerts: resolved")).length).toBeGreaterThan(0);
    },
  };
}

function idle(): Plugin {
  return defineStrategy({ name: "idle", setup() {} });
}

/** Buys and sells the smallest amount in turns, as fast as answers come. */
export function churn(): Plugin {
  return defineStrategy({
    name: "churn",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        if (ctx.openOrders(instrument).length > 0) return;
        const held = ctx.positionLots(instrument);
        const sizeLots = held > 0 ? held : lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
        ctx.submit({ instrument, side: held > 0 ? "sell" : "buy", type: "market", sizeLots });
      });
    },
  });
}
