// Every order waits for one commit before it is sent. The floor is the hash; the rest is SQLite.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { bench, do_not_optimize, run, summary } from "mitata";
import { chainHash, GENESIS } from "../src/journal/chain.ts";
import { Journal } from "../src/journal/journal.ts";

const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
const journal = new Journal({ path: join(folder, "journal.db"), clock: createSystemClock() });
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

summary(() => {
  bench("hash of one event", () => do_not_optimize(chainHash(GENESIS, row)));
  bench("append + commit, one event", () => {
    journal.append("intent", intent);
    journal.commit();
  });
  bench("append + commit, ten events", () => {
    for (let i = 0; i < 10; i++) journal.append("intent", intent);
    journal.commit();
  });
});

await run();
journal.close();
rmSync(folder, { recursive: true });
