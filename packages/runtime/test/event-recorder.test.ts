import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { EventRecorder } from "../src/event-recorder.ts";
import { exportEventTables } from "../src/journal/event-tables.ts";
import { DECOMPRESSORS } from "../src/journal/segment-codec.ts";

const AT_US = 1_790_000_000_000_000;

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-events-"));
  const journalPath = join(folder, "journal.db");
  const faults: string[] = [];
  const recorder = new EventRecorder({
    journalPath,
    venue: "anywhere",
    sources: ["odd", "news"],
    clock: createSystemClock(),
    onFault: (message) => faults.push(message),
  });
  recorder.open();
  const say = (stream: string, event: object) =>
    recorder.write(stream, { kind: "unknown", receivedAtUs: AT_US, ...event });
  const read = (table: string) => {
    const { buffer } = new Uint8Array(readFileSync(join(folder, `${table}.parquet`)));
    return parquetReadObjects({ file: buffer, compressors: DECOMPRESSORS });
  };
  return { folder, journalPath, recorder, faults, say, read };
}

test("each kind of a stream is a table with its fields as columns; what is not known stays as it came", async () => {
  const { folder, journalPath, recorder, say, read } = setUp();
  const content = { a: [1, "x"], b: null };
  say("rooms", { room: "odd", content, receivedNs: 5 });
  say("rooms", { room: "odd", content: "text" });
  say("rooms", { kind: "price", room: "b-P", pairAddress: "P", priceSol: 3 });
  say("rooms", { kind: "price", room: "b-P", pairAddress: "P", priceSol: 0.25 });
  say("rooms", { kind: "gap", cause: "lost", rooms: ["odd", "b-P"], reason: "closed" });
  say("rooms", { kind: "resync", rooms: ["odd", "b-P"] });
  const tally = recorder.close("test");
  expect(tally).toMatchObject({ events: 6, gaps: 1, resyncs: 1, errors: 0, kinds: { "rooms.price": 2 } });
  const tables = await exportEventTables(journalPath, folder, "parquet");
  expect(tables["rooms.price"]).toMatchObject({ rows: 2, columns: { pair_address: "STRING", price_sol: "DOUBLE" } });
  const at = { received_at_us: BigInt(AT_US) };
  expect(await read("rooms.unknown")).toEqual([
    { ...at, room: "odd", content: JSON.stringify(content) },
    { ...at, room: "odd", content: '"text"' },
  ]);
  expect(await read("rooms.price")).toEqual([
    { ...at, room: "b-P", pair_address: "P", price_sol: 3 },
    { ...at, room: "b-P", pair_address: "P", price_sol: 0.25 },
  ]);
  expect(await read("rooms.gap")).toEqual([{ ...at, cause: "lost", rooms: '["odd","b-P"]', reason: "closed" }]);
});

test("what could not be read is counted, told and kept, and makes no table", async () => {
  const { folder, journalPath, recorder, faults } = setUp();
  recorder.fault("rooms", new Error("sol_price must be a number"));
  expect(recorder.close("test")).toMatchObject({ events: 0, errors: 1 });
  expect(faults).toEqual(["sol_price must be a number"]);
  expect(await exportEventTables(journalPath, folder, "csv")).toEqual({});
  expect(readdirSync(folder).filter((name) => name.endsWith(".csv"))).toEqual([]);
});

test("a table of text has a line for each row, fields in quotes where they must be", async () => {
  const { folder, journalPath, recorder, say } = setUp();
  say("rooms", { room: "odd", content: { a: 1 } });
  say("rooms", { room: "odd", content: null });
  recorder.close("test");
  await exportEventTables(journalPath, folder, "csv");
  expect(readFileSync(join(folder, "rooms.unknown.csv"), "utf8").split("\n")).toEqual([
    "received_at_us,room,content",
    `${AT_US},odd,"{""a"":1}"`,
    `${AT_US},odd,null`,
    "",
  ]);
});
