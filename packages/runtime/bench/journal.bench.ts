// Every order waits until its intent is secured, is committed when it is on its way, and every market event passes the writer of inputs: a
// slower journal is a slower order, or a core that falls behind its sockets. The floor of a commit is the hashes of its rows; the rest is
// SQLite. What secures is one write of a plain file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { Levels } from "@pitlane/sdk";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { chainHash, GENESIS, hashBody } from "../src/journal/chain.ts";
import { decodeInputs } from "../src/journal/input-reader.ts";
import { InputWriter } from "../src/journal/input-writer.ts";
import { type Durability, Journal } from "../src/journal/journal.ts";

const START_US = 1_767_225_600_000_000;

const intent = {
  clientOrderId: "pl-t85s00i000-0-1",
  strategy: "churn",
  instrument: "paper:AAA/USDT",
  side: "buy",
  type: "limit",
  priceTicks: 10_000,
  sizeLots: 500,
  approved: true,
  votes: ["maxOrder", "maxPosition", "collar"].map((voter) => ({ voter, allowed: true })),
};
const body = JSON.stringify(intent);

// Prices walk, sizes are anything: as a liquid book looks.
const quotes = Array.from({ length: 1024 }, (_, i) => ({
  venueAtUs: START_US + i * 1000,
  receivedAtUs: START_US + i * 1000 + 300,
  bidTicks: 6_000_000 + ((i * 7919) % 50),
  bidLots: (i * 104_729) % 100_000,
  askTicks: 6_000_060 + ((i * 31) % 50),
  askLots: (i * 1_299_709) % 100_000,
  sequence: 48_000_000_000 + i * 3,
}));
const trades = quotes.map(({ venueAtUs, receivedAtUs, bidTicks, bidLots }, i) => ({
  venueAtUs,
  receivedAtUs,
  tradeId: 4_000_000_000 + i,
  priceTicks: bidTicks,
  sizeLots: bidLots,
  aggressor: i % 2 === 0 ? ("buy" as const) : ("sell" as const),
  isBackfilled: false,
}));

function newJournal(durability: Durability): Journal {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  return Journal.create({ path: join(folder, "journal.db"), clock: createSystemClock(), durability });
}

function commitsOf(events: number): Case {
  return {
    loop: () => {
      const journal = newJournal("process");
      return (n) => {
        for (let i = 0; i < n; i++) {
          for (let event = 0; event < events; event++) journal.append("intent", intent);
          journal.commit();
        }
      };
    },
  };
}

/** What the journal adds to one order before it is sent: inputs since the last, the intent, made safe. The median of many, in microseconds. */
function orderMedianUs(durability: Durability, orders: number, percentile = 0.5, isCommitted = false): Case {
  return {
    value: () => {
      const journal = newJournal(durability);
      const clock = createSystemClock();
      const tookNs: number[] = [];
      for (let order = 0; order < orders; order++) {
        for (let i = 0; i < 20; i++) journal.inputs.quote(quotes[i]!.receivedAtUs, i % 3, quotes[i]!);
        const startedNs = clock.monotonicNs();
        journal.append("intent", intent);
        if (isCommitted) journal.commit();
        else journal.secure();
        if (order >= orders / 10) tookNs.push(clock.monotonicNs() - startedNs);
        journal.commit(); // when the order is on its way
      }
      tookNs.sort((a, b) => a - b);
      return (tookNs[Math.floor(tookNs.length * percentile)] ?? Number.NaN) / 1000;
    },
  };
}

/** Writes to blocks that are thrown away. */
function written(write: (writer: InputWriter, i: number) => void): Case {
  return {
    loop: () => {
      let bytes = 0;
      const writer = new InputWriter(() => {
        bytes += writer.take()?.length ?? 0;
      });
      return (n) => {
        for (let i = 0; i < n; i++) write(writer, i);
        return bytes;
      };
    },
  };
}

const levels = new Levels();
for (let i = 0; i < 5; i++) levels.push(6_000_000 - i * 3, i * 1000);

const twoHashes: Case = {
  loop: () => (n) => {
    let length = 0;
    const row = { seq: 1, atUs: START_US, kind: "intent" };
    for (let i = 0; i < n; i++) length += chainHash(GENESIS, { ...row, bodyHash: hashBody(body) }).length;
    return length;
  },
};

const block = (() => {
  const blocks: Uint8Array[] = [];
  const writer = new InputWriter(() => blocks.push(writer.take()!));
  for (let i = 0; blocks.length === 0; i++) writer.quote(quotes[i & 1023]!.receivedAtUs, i % 3, quotes[i & 1023]!);
  return blocks[0]!;
})();

const floor = { "hashes of one event (floor)": { case: twoHashes, aim: null } };

const suite: Suite = {
  name: "journal",
  comparisons: [
    { name: "append + commit, one event", unit: "us/op", ours: commitsOf(1), peers: floor },
    { name: "append + commit, ten events", unit: "us/op", ours: commitsOf(10), peers: floor },
    {
      name: "added to an order (20 quotes before it), median",
      unit: "us/op",
      ours: orderMedianUs("process", 20_000),
      peers: {
        ...floor,
        "committed first, median": { case: orderMedianUs("process", 20_000, 0.5, true), aim: 0.6 },
        "p99 (to be read)": { case: orderMedianUs("process", 20_000, 0.99), aim: null },
        "durability disk, median": { case: orderMedianUs("disk", 500), aim: null, note: "one sync an order" },
      },
    },
    {
      name: "inputs: a quote",
      unit: "ns/op",
      ours: written((writer, i) => writer.quote(quotes[i & 1023]!.receivedAtUs, i % 3, quotes[i & 1023]!)),
      peers: {
        "a trade": {
          case: written((writer, i) => writer.trade(trades[i & 1023]!.receivedAtUs, i % 3, trades[i & 1023]!)),
          aim: null,
        },
        "a book change of ten levels": {
          case: written((writer, i) => writer.book(START_US + i, i % 3, quotes[i & 1023]!, levels, levels)),
          aim: null,
        },
        "the end of a frame": { case: written((writer, i) => writer.frameEnd(START_US + i)), aim: null },
        "JSON.stringify of the quote": {
          case: {
            loop: () => (n) => {
              let length = 0;
              for (let i = 0; i < n; i++) length += JSON.stringify(quotes[i & 1023]).length;
              return length;
            },
          },
        },
      },
    },
    {
      name: "inputs: read a block of quotes back",
      unit: "us/op",
      ours: {
        loop: () => (n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) for (const { atUs } of decodeInputs(block)) sum += atUs;
          return sum;
        },
      },
      peers: {
        "hash of the block (floor)": {
          case: {
            loop: () => (n) => {
              let length = 0;
              for (let i = 0; i < n; i++) length += hashBody(block).length;
              return length;
            },
          },
          aim: null,
        },
      },
    },
  ],
};

export default suite;
