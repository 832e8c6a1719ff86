// Every order waits for one commit before it is sent. The floor is the hash; the rest is SQLite.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { chainHash, GENESIS } from "../src/journal/chain.ts";
import { Journal } from "../src/journal/journal.ts";

const intent = {
  clientOrderId: "pl-t85s00i000-0-1",
  instrument: "paper:AAA/USDT",
  side: "buy",
  type: "limit",
  priceTicks: 10_000,
  sizeLots: 500,
  approved: true,
};
const row = { seq: 1, atUs: 1_767_225_600_000_000, kind: "intent", body: JSON.stringify(intent) };

function commitsOf(events: number): Case {
  return {
    loop: () => {
      const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
      process.once("exit", () => rmSync(folder, { recursive: true }));
      const journal = new Journal({ path: join(folder, "journal.db"), clock: createSystemClock() });
      return (n) => {
        for (let i = 0; i < n; i++) {
          for (let event = 0; event < events; event++) journal.append("intent", intent);
          journal.commit();
        }
      };
    },
  };
}

const hash: Case = {
  loop: () => (n) => {
    let length = 0;
    for (let i = 0; i < n; i++) length += chainHash(GENESIS, row).length;
    return length;
  },
};

const floor = { "hash of one event (floor)": { case: hash, aim: null } };

const suite: Suite = {
  name: "journal",
  comparisons: [
    { name: "append + commit, one event", unit: "us/op", ours: commitsOf(1), peers: floor },
    { name: "append + commit, ten events", unit: "us/op", ours: commitsOf(10), peers: floor },
  ],
};

export default suite;
