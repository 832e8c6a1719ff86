import { resolve } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import type { Command } from "commander";
import { describeTrading } from "../../engines/trading-state.ts";
import { formatUs } from "../../journal/entries.ts";
import { workOutMoment } from "../../observe/moment.ts";
import type { Moment } from "../../observe/moment-types.ts";
import type { MarketView } from "../../observe/observer.ts";
import { readStartWithSegments } from "../../run-record.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors, table } from "../output.ts";
import { parseRunTime } from "../run-time.ts";
import { findJournal } from "./replay.ts";

interface InspectFlags {
  readonly at?: string;
  readonly json?: string;
}

const SHOWN_ORDERS = 20;
const SHOWN_ROWS = 10;
const STDOUT = "-";

/** `pitlane inspect RUN --at TIME`: how a run stood at a moment. */
export function addInspect(program: Command, { cwd, output, stop }: CommandContext): void {
  program
    .command("inspect")
    .description("how a run stood at a moment: books, quotes, orders, positions, profit and plugins, from its journal")
    .argument("<run>", "the run's id, its folder, or its journal; it may be running")
    .option("--at <time>", "+12.5s from the start, 2026-01-31T12:00:00.5Z, or microseconds (default: the last moment)")
    .option("-j, --json <file>", 'write it as JSON to this file, or to the output for "-"')
    .action(async (run: string, { at, json }: InspectFlags) => {
      const jsonPath = json === undefined || json === STDOUT ? undefined : checkWritable(resolve(cwd, json));
      const journalPath = findJournal(run, cwd);
      const { startedAtUs } = await readStartWithSegments(journalPath);
      const atUs = at === undefined ? Number.MAX_SAFE_INTEGER : parseRunTime("--at", at, startedAtUs);
      const moment = await workOutMoment({ journalPath, atUs, clock: createSystemClock(), signal: stop });
      if (json === STDOUT) return output.line(JSON.stringify(moment));
      if (jsonPath !== undefined) writeJson(jsonPath, moment);
      for (const line of momentLines(moment)) output.line(line);
    });
}

/** What a person wants to know of a moment. Pure. */
function momentLines(moment: Moment): readonly string[] {
  const { run, atUs, seq, trading, markets, orders, plugins, notes, elapsedMs } = moment;
  const seconds = ((atUs - run.startedAtUs) / 1e6).toFixed(3);
  return [
    `${colors.bold("pitlane inspect")}  run ${run.id}, ${formatUs(atUs)}, ${seconds} s after its start, event ${seq}`,
    `trading    ${describeTrading(trading)}`,
    `profit     ${amounts(moment.profit)}; realised ${amounts(moment.realized)}; fees ${amounts(moment.fees)}`,
    `balances   ${amounts(moment.balances)}`,
    `orders     ${Object.entries(moment.counters)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}; ${moment.fills} fills`,
    ...table([["market", "position", "entry", "bid", "ask"], ...markets.map(marketRow)]),
    ...(orders.length === 0 ? ["open       none"] : [`open       ${orders.length}, oldest first`]),
    ...table(
      orders
        .slice(0, SHOWN_ORDERS)
        .map((order) => [
          `  ${order.clientOrderId} ${order.strategy}`,
          order.instrument,
          order.side,
          order.type,
          order.size,
          order.price ?? "-",
          `${order.filled} filled`,
          order.state,
        ]),
    ),
    ...plugins.map(({ name, standing, reason }) => `plugin     ${name} ${standing}${reason && `: ${reason}`}`),
    ...moment.rows
      .slice(-SHOWN_ROWS)
      .map((row) => colors.dim(`  ${row.seq} ${formatUs(row.atUs)} ${row.kind} ${row.text}`)),
    ...notes.map((note) => colors.yellow(`note       ${note}`)),
    `worked out from event ${moment.fromSeq} on, in ${elapsedMs.toFixed(0)} ms`,
  ];
}

function marketRow({ instrument, positionSize, entryPrice, quote, bids, asks }: MarketView): readonly string[] {
  const bid = quote === null ? bids[0] : [quote.bid, quote.bidSize];
  const ask = quote === null ? asks[0] : [quote.ask, quote.askSize];
  const text = (level: readonly string[] | undefined) => (level === undefined ? "-" : `${level[0]} x ${level[1]}`);
  return [`  ${instrument}`, positionSize, entryPrice ?? "-", text(bid), text(ask)];
}

function amounts(all: Readonly<Record<string, string>>): string {
  const entries = Object.entries(all);
  return entries.length === 0 ? "none" : entries.map(([asset, amount]) => `${amount} ${asset}`).join(", ");
}
