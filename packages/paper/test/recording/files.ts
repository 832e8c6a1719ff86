import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { RecordedItem, Recording } from "../../src/recording/index.ts";

/** Writes files into a folder that is gone after the test. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "recording-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const write = (name: string, content: string | Uint8Array): string => {
    const file = join(path, name);
    writeFileSync(file, content);
    return file;
  };
  return {
    path,
    write,
    lines: (name: string, ...lines: readonly string[]) => write(name, `${lines.join("\n")}\n`),
    gzip: (name: string, ...lines: readonly string[]) => write(name, gzipSync(`${lines.join("\n")}\n`)),
  };
}

/** 2024-08-08T00:00:00Z. */
export const START_US = 1_723_075_200_000_000;

export const depth = (symbol: string, u: number, bids: readonly (readonly [string, string])[] = [["61.25", "0.5"]]) =>
  frame(`${symbol.toLowerCase()}@depth@100ms`, { e: "depthUpdate", E: 1, s: symbol, U: u, u, b: bids, a: [] });

export const trade = (symbol: string, t: number, price = "61.25", size = "0.5") =>
  frame(`${symbol.toLowerCase()}@trade`, { e: "trade", E: 1, s: symbol, t, p: price, q: size, T: 1, m: true, M: true });

export const frame = (stream: string, data: unknown) => JSON.stringify({ stream, data });

export const snapshot = (lastUpdateId: number) =>
  JSON.stringify({ lastUpdateId, bids: [["61.20", "1.000"]], asks: [["61.30", "2.125"]] });

/** A line of the raw form, `afterUs` after the start. */
export const raw = (afterUs: number, text: string) => `${START_US + afterUs} ${text}`;

/** A record of the jsonl form, `afterUs` after the start. */
export const recv = (afterUs: number, data: string, conn = "ws.1") =>
  JSON.stringify({ t: "recv", conn, ts: (START_US + afterUs) / 1e6, data });

export const http = (afterUs: number, url: string, data: string) =>
  JSON.stringify({ t: "http", conn: "http.0", ts: (START_US + afterUs) / 1e6, url, data });

export const header = (exchange: string) => JSON.stringify({ t: "header", exchange, config: {} });

export const connect = (addr: string, conn = "ws.1") =>
  JSON.stringify({ t: "connect", conn, ts: START_US / 1e6, addr });

export const send = (data: unknown, conn = "ws.1") =>
  JSON.stringify({ t: "send", conn, ts: START_US / 1e6, addr: "", data: JSON.stringify(data) });

export async function itemsOf(recording: Recording, signal?: AbortSignal): Promise<RecordedItem[]> {
  const items: RecordedItem[] = [];
  for await (const item of recording.read(signal)) items.push(item);
  return items;
}
