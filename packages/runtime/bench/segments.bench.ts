// Bytes and time of cold storage, on recorded streams of a venue: what the guide's table of codecs is from. Needs PITLANE_DATA.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { compress, compressUsingDict, createCCtx, init } from "@bokuweb/zstd-wasm";
import type { Case, Comparison, Peer, Suite } from "../../../scripts/bench/suite.ts";
import { hashBody } from "../src/journal/chain.ts";
import { encodeInputs } from "../src/journal/input-writer.ts";
import type { InputLevel, InputRecord } from "../src/journal/inputs.ts";
import { packBodies, packInputs, type SegmentBody } from "../src/journal/segments.ts";

const FILES = [
  { file: "spot-btcusdt-20240809.gz", priceDecimals: 2, sizeDecimals: 5, unitsPerUs: 1000 },
  { file: "usdm-btcusdt-20240719.gz", priceDecimals: 1, sizeDecimals: 3, unitsPerUs: 1000 },
  { file: "spot-nexousdt-20240724.gz", priceDecimals: 4, sizeDecimals: 2, unitsPerUs: 1 },
];

const folder = process.env["PITLANE_DATA"];
const recordings =
  folder === undefined ? [] : FILES.filter(({ file }) => existsSync(join(folder, "binance-raw", file)));

interface Frame {
  readonly stream?: string;
  readonly data?: Record<string, unknown>;
  readonly [name: string]: unknown;
}

/** The records that a session would have journaled of a recording, frame ends among them. */
function recordsOf({ file, priceDecimals, sizeDecimals, unitsPerUs }: (typeof FILES)[number]): InputRecord[] {
  const ticks = (text: unknown) => Math.round(Number(text) * 10 ** priceDecimals);
  const lots = (text: unknown) => Math.round(Number(text) * 10 ** sizeDecimals);
  const levels = (list: unknown): InputLevel[] =>
    (list as [string, string][]).map(([price, size]) => ({ ticks: ticks(price), lots: lots(size) }));
  const records: InputRecord[] = [];
  for (const line of gunzipSync(readFileSync(join(folder ?? "", "binance-raw", file)))
    .toString()
    .split("\n")) {
    const space = line.indexOf(" ");
    if (space === -1) continue;
    const atUs = Math.floor(Number(line.slice(0, space)) / unitsPerUs);
    const frame = JSON.parse(line.slice(space + 1)) as Frame;
    const data = frame.data ?? frame;
    const base = { atUs, instrument: 0, receivedAtUs: atUs, venueAtUs: Number(data["E"] ?? 0) * 1000 };
    const sequence = Number(data["u"] ?? data["lastUpdateId"]);
    if (frame.stream === undefined) {
      const sides = { bids: levels(data["bids"]), asks: levels(data["asks"]) };
      records.push({ kind: "book", ...base, sequence, isSnapshot: true, ...sides });
    } else if (frame.stream.includes("bookTicker")) {
      const bid = { bidTicks: ticks(data["b"]), bidLots: lots(data["B"]) };
      records.push({ kind: "quote", ...base, sequence, ...bid, askTicks: ticks(data["a"]), askLots: lots(data["A"]) });
    } else if (frame.stream.includes("trade")) {
      const trade = { tradeId: Number(data["t"]), priceTicks: ticks(data["p"]), sizeLots: lots(data["q"]) };
      records.push({
        kind: "trade",
        ...base,
        ...trade,
        aggressor: data["m"] === true ? "sell" : "buy",
        isBackfilled: false,
      });
    } else if (frame.stream.includes("depth")) {
      records.push({
        kind: "book",
        ...base,
        sequence,
        isSnapshot: false,
        bids: levels(data["b"]),
        asks: levels(data["a"]),
      });
    } else continue;
    records.push({ kind: "frameEnd", atUs });
  }
  return records;
}

function rowsOf(recording: (typeof FILES)[number]): SegmentBody[] {
  return encodeInputs(recordsOf(recording)).map((body, i) => ({
    seq: 2 * i + 1,
    kind: "inputs",
    body,
    bodyHash: hashBody(body),
  }));
}

function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
}

type Pack = (rows: readonly SegmentBody[]) => number;

const PACKS: Readonly<Record<string, Pack>> = {
  "raw blocks": (rows) => rows.reduce((sum, { body }) => sum + body.length, 0),
  "blocks, gzip": (rows) => packBodies(rows, "GZIP").length,
  "blocks, snappy": (rows) => packBodies(rows, "SNAPPY").length,
  "blocks, zstd 3": (rows) => compress(Buffer.concat(rows.map(({ body }) => body as Uint8Array)), 3).length,
  "blocks, zstd 19": (rows) => compress(Buffer.concat(rows.map(({ body }) => body as Uint8Array)), 19).length,
  "columns, snappy": (rows) => packInputs(rows, "SNAPPY").length,
  "columns, gzip": (rows) => packInputs(rows, "GZIP").length,
  "columns, brotli": (rows) => packInputs(rows, "BROTLI").length,
};

/** Bytes a packing gives, or the milliseconds of processor time it takes. */
function packed(recording: (typeof FILES)[number], pack: Pack, of: "bytes" | "ms"): Case {
  return {
    value: async () => {
      await init();
      const rows = rowsOf(recording);
      const before = process.cpuUsage();
      const bytes = pack(rows);
      const { user, system } = process.cpuUsage(before);
      return of === "bytes" ? bytes : (user + system) / 1000;
    },
  };
}

function comparison(recording: (typeof FILES)[number], of: "bytes" | "ms"): Comparison {
  const peers = Object.entries(PACKS).map(([name, pack]): [string, Peer] => [
    name,
    { case: packed(recording, pack, of), aim: null },
  ]);
  const ours = packed(recording, (rows) => packBodies(rows).length, of);
  return {
    name: `segment of ${recording.file}, ${of === "bytes" ? "size" : "processor time"}: blocks, brotli`,
    unit: of,
    ours,
    peers: Object.fromEntries(peers),
    rounds: 1,
  };
}

/** Intents and reports as a session writes them, each different from the one before. */
function jsonRows(): Buffer[] {
  return Array.from({ length: 20_000 }, (_, i) => {
    const sizeLots = 500 + ((i * 31) % 900);
    const priceTicks = 10_000 + ((i * 7919) % 97);
    const clientOrderId = `pl-t85s00i000-0-${(i >> 1).toString(36)}`;
    const votes = ["maxOrder", "maxPosition", "collar"].map((voter) => ({ voter, allowed: true }));
    const fills = [{ tradeId: 900_000 + i, priceTicks, sizeLots, fee: String((i * 7907) % 100_000), feeAsset: "USDT" }];
    const instrument = `paper:${i % 3 === 0 ? "AAA" : "BBB"}/USDT`;
    const row =
      i % 2 === 0
        ? {
            clientOrderId,
            strategy: "churn",
            instrument,
            side: "buy",
            type: "limit",
            priceTicks,
            sizeLots,
            approved: true,
            votes,
          }
        : { clientOrderId, venueOrderId: String(8_000_000 + i), status: "filled", filledLots: sizeLots, fills };
    return Buffer.from(JSON.stringify(row));
  });
}

function json(pack: (rows: readonly Buffer[], dictionary: Buffer) => number): Case {
  return {
    value: async () => {
      await init();
      const rows = jsonRows();
      return pack(rows, Buffer.concat(rows.slice(0, 40))) / rows.length;
    },
  };
}

const sum = (rows: readonly Buffer[], of: (row: Buffer) => number) => rows.reduce((total, row) => total + of(row), 0);

const suite: Suite = {
  name: "segments",
  comparisons: [
    ...recordings.map((recording) => comparison(recording, "bytes")),
    ...recordings.slice(0, 1).map((recording) => comparison(recording, "ms")),
    {
      name: "JSON rows, bytes each: all together, brotli",
      unit: "bytes/op",
      rounds: 1,
      ours: json((rows) => brotli(Buffer.concat(rows)).length),
      peers: {
        "as they are": { case: json((rows) => sum(rows, (row) => row.length)), aim: null },
        "all together, gzip": { case: json((rows) => gzipSync(Buffer.concat(rows)).length), aim: null },
        "one by one, gzip": { case: json((rows) => sum(rows, (row) => gzipSync(row).length)), aim: null },
        "one by one, deflate with a dictionary": {
          case: json((rows, dictionary) => sum(rows, (row) => deflateRawSync(row, { dictionary }).length)),
          aim: null,
        },
        "one by one, zstd 3 with a dictionary": {
          case: json((rows, dictionary) => {
            const context = createCCtx();
            return sum(rows, (row) => compressUsingDict(context, row, dictionary, 3).length);
          }),
          aim: null,
        },
      },
    },
  ],
};

export default suite;
