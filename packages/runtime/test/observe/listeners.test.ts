import type { MarketEvent, TradeEvent } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { LogLines } from "../../src/observe/log-lines.ts";
import { TradeListeners } from "../../src/observe/trade-listeners.ts";
import { testInstrument } from "../../src/testing.ts";

const trade = (symbol: string) => ({ kind: "trade", instrument: testInstrument({ symbol }) }) as TradeEvent;

test("trades go to those who asked for their instrument, until they have had enough", () => {
  const faults: string[] = [];
  const trades = new TradeListeners((error) => faults.push(error.message));
  const heard: string[] = [];
  expect(trades.isUsed).toBe(false);
  const stop = trades.add(trade("AAA/USDT").instrument.id, ({ instrument }) => heard.push(instrument.symbol));
  trades.add(trade("BBB/USDT").instrument.id, () => {
    throw new Error("no room");
  });
  trades.tell(trade("AAA/USDT"));
  trades.tell({ ...trade("AAA/USDT"), kind: "quote" } as unknown as MarketEvent);
  trades.tell(trade("BBB/USDT"));
  trades.tell(trade("BBB/USDT"));
  expect([heard, faults]).toEqual([["AAA/USDT"], ["no room"]]);
  stop();
  trades.tell(trade("AAA/USDT"));
  expect([heard.length, trades.isUsed]).toEqual([1, false]);
});

test("the last 500 lines are kept, and a listener that fails is told of once and left out", () => {
  const faults: string[] = [];
  let nowUs = 0;
  const lines = new LogLines(
    () => ++nowUs,
    (error) => faults.push(error.message),
  );
  const heard: string[] = [];
  lines.onLine(() => {
    throw new Error("broken");
  });
  const stop = lines.onLine(({ message }) => heard.push(message));
  for (let i = 0; i < 501; i++) lines.add("risk", `line ${i}`);
  stop();
  lines.add("risk", "last");
  expect(lines.list()).toHaveLength(500);
  expect(lines.list().at(-1)).toEqual({ atUs: 502, source: "risk", message: "last" });
  expect([heard.length, faults]).toEqual([501, ["broken"]]);
});
