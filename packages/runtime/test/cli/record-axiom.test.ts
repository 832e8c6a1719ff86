import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, DEMO_AXIOM_EMAIL, DEMO_AXIOM_PASSWORD } from "@pitlane/paper";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { test as base, expect, onTestFinished } from "vitest";
import { DECOMPRESSORS } from "../../src/journal/segment-codec.ts";
import { run } from "./host.ts";

async function setUp() {
  const market = { pairs: 4, tradesPerSecond: 60, pairsPerMinute: 600, historyS: 30 };
  const paper = await createPaper({ seed: 1, market: false, axiom: { market } });
  onTestFinished(() => paper.close());
  if (paper.axiom === undefined) throw new Error("the paper exchange has no Axiom venue");
  const { venue, urls } = paper.axiom;
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-axiom-"));
  const { accessToken, refreshToken } = venue.openSession();
  const tokens = { PITLANE_SECRET_AXIOM_ACCESS_TOKEN: accessToken, PITLANE_SECRET_AXIOM_REFRESH_TOKEN: refreshToken };
  const record = (more: readonly string[], options: Parameters<typeof run>[1] = {}) =>
    run(["record", "axiom", "--exchange", urls.rest, "--out", "tape", ...more], { cwd, env: tokens, ...options });
  const read = async (table: string): Promise<Record<string, unknown>[]> => {
    const file = await asyncBufferFromFile(join(cwd, "tape", `${table}.parquet`));
    return parquetReadObjects({ file, compressors: DECOMPRESSORS });
  };
  const json = (name: string) => JSON.parse(readFileSync(join(cwd, name), "utf8"));
  return { paper, venue, cwd, tokens, record, read, json };
}

const test = (name: string, body: () => Promise<void>) => base(name, body, 120_000);

test("rooms, known or not, and the Pulse tables are recorded over real sockets and read back", async () => {
  const { record, read, json, cwd } = await setUp();
  const rooms = "new_pairs,sol_price,connection_monitor,no-such-room";
  const args = ["--rooms", rooms, "--streams", "pulse,tracked", "--duration", "6s", "--json", "tally.json"];
  const recorded = await record(args);
  expect(recorded).toMatchObject({ code: 0, err: "" });
  const tally = json("tally.json");
  expect(tally).toMatchObject({ gaps: 0, errors: 0 });
  expect(tally.kinds["rooms.newPair"]).toBeGreaterThan(0);
  const pairs = await read("rooms.newPair");
  expect(pairs).toHaveLength(tally.kinds["rooms.newPair"]);
  expect(pairs[0]).toMatchObject({ room: "new_pairs" });
  expect(typeof pairs[0]?.["pair_pair_address"]).toBe("string");
  expect(Number(pairs[0]?.["received_at_us"])).toBeGreaterThan(1.6e15);
  const prices = await read("rooms.coinPrice");
  expect(prices.every(({ coin, price_usd }) => coin === "SOL" && Number(price_usd) > 0)).toBe(true);
  const tables = await read("pulse.replaced");
  expect(tables.every((row) => typeof row["table"] === "string" && typeof row["row_pair_address"] === "string")).toBe(
    true,
  );
  expect(tally.tables["pulse.replaced"].rows).toBe(tables.length);
  const verified = await run(["journal", "verify", "tape/journal.db"], { cwd });
  expect(verified).toMatchObject({ code: 0, err: "" });
});

test("a login asks for the mailed code once, and the next run lives on the sealed session", async () => {
  const { record, venue, cwd, json } = await setUp();
  const env = {
    PITLANE_SECRET_AXIOM_EMAIL: DEMO_AXIOM_EMAIL,
    PITLANE_SECRET_AXIOM_PASSWORD: DEMO_AXIOM_PASSWORD,
    PITLANE_PASSPHRASE: "correct horse",
  };
  const args = ["--rooms", "sol_price", "--duration", "1s", "--json", "tally.json"];
  const first = await record(args, { env, typed: [() => venue.mails.at(-1)?.code ?? ""] });
  expect(first).toMatchObject({ code: 0, err: "" });
  expect(readFileSync(join(cwd, ".pitlane", "axiom.session")).includes(Buffer.from(DEMO_AXIOM_EMAIL))).toBe(false);
  expect(venue.mails).toHaveLength(1);
  const again = await record([...args.slice(0, 4), "--out", "again"], { env: { PITLANE_PASSPHRASE: "correct horse" } });
  expect(again).toMatchObject({ code: 0, err: "" });
  expect(venue.mails).toHaveLength(1);
  expect(json("tally.json").errors).toBe(0);
});

test("what cannot be recorded is named before anything is made", async () => {
  const { record, cwd } = await setUp();
  const refused = async (more: readonly string[], words: string, options = {}) => {
    const { code, err } = await record(more, options);
    expect(err).toContain(words);
    expect(code).toBe(2);
  };
  await refused([], "--rooms new_pairs");
  await refused(["--streams", "tape"], "there is no tape");
  await refused(["--symbols", "BTC/USDT"], "--symbols is of markets");
  await refused(["--rooms", "new_pairs"], "axiom needs a session", { env: {} });
  expect(existsSync(join(cwd, "tape"))).toBe(false);
});
