import { describe, expect, test } from "vitest";
import { PULSE_COLUMNS } from "../../src/wire/axiom/pulse-rows.ts";
import { type Json, type SocketClient, setUp } from "./local-venue.ts";

const ALL = { newPairs: true, finalStretch: true, migrated: true };
const MARKET = { pairs: 14, tradesPerSecond: 50, pairsPerMinute: 20, historyS: 120 };
const AT = Object.fromEntries(PULSE_COLUMNS.map((name, i) => [name, i]));

type Venue = Awaited<ReturnType<typeof setUp>>;
type Tables = Record<string, Map<string, Json[]>>;

async function opened(local: Venue, state: unknown): Promise<SocketClient> {
  const socket = await local.connect("/ws");
  socket.send({ type: "userState", state });
  await socket.until(([code]) => code === 0);
  return socket;
}

/** The tables as a client keeps them, by applying every frame; throws on a frame that does not fit what is there. */
function replay(frames: readonly Json[]): Tables {
  let tables: Tables = {};
  const find = (pair: string) => {
    const found = Object.values(tables).find((table) => table.has(pair));
    if (found === undefined) throw new Error(`no row ${pair} to change`);
    return found.get(pair)!;
  };
  for (const [code, ...rest] of frames) {
    if (code === 0) {
      const rowsOf = (rows: Json[]) => new Map<string, Json[]>(rows.map((row) => [row[0], [...row]]));
      tables = Object.fromEntries(Object.entries<Json[]>(rest[0]).map(([name, rows]) => [name, rowsOf(rows)]));
    } else if (code === 1) {
      const row = find(rest[0]);
      for (const [index, value] of rest[1]) row[index] = value;
    } else if (code === 2) {
      const [table, row] = rest[0];
      if (tables[table]!.has(row[0])) throw new Error(`row ${row[0]} is there already`);
      tables[table]!.set(row[0], [...row]);
    } else if (code === 3) {
      const [table, pair] = rest[0];
      if (!tables[table]!.delete(pair)) throw new Error(`no row ${pair} to remove`);
    }
  }
  return tables;
}

const sorted = (tables: Tables) =>
  Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, [...rows.values()].sort((a, b) => (a[0] < b[0] ? -1 : 1))]),
  );

describe("Pulse", () => {
  test("says nothing before it knows what is wanted", async () => {
    const local = await setUp({ market: MARKET });
    const socket = await local.connect("/ws");
    socket.send({ type: "other", state: { tables: ALL } });
    await socket.settled();
    local.pass(5000);
    await socket.settled();
    expect(socket.frames).toEqual([]);
  });

  test("starts with the tables, in binary MessagePack and rows of 49 columns", async () => {
    const local = await setUp({ market: MARKET });
    const socket = await opened(local, { tables: ALL, filters: {} });
    expect(socket.binary).toEqual([true]);
    const [code, tables] = socket.frames[0];
    expect(code).toBe(0);
    expect(Object.keys(tables)).toEqual(["newPairs", "finalStretch", "migrated"]);
    for (const rows of Object.values<Json[]>(tables)) for (const row of rows) expect(row.length).toBe(49);
    const createdAt = (rows: Json[]) => rows.map((row) => row[AT["createdAt"]!]);
    expect(tables.migrated.length).toBeGreaterThan(1);
    expect(createdAt(tables.migrated)).toEqual(createdAt(tables.migrated).sort().reverse());
    const bonding = tables.finalStretch.map((row: Json[]) => row[AT["bondingCurvePercent"]!]);
    expect(bonding).toEqual([...bonding].sort((a, b) => b - a));
    for (const row of tables.migrated) expect(row[AT["extra"]!].migratedFrom).toEqual(expect.any(String));
  });

  test("then sends what changes, so that a client's tables are always what a new client is sent", async () => {
    const local = await setUp({ market: MARKET });
    const socket = await opened(local, { tables: ALL, filters: {} });
    for (let i = 0; i < 6; i++) {
      local.pass(10_000);
      await socket.settled();
      const fresh = await opened(local, { tables: ALL, filters: {} });
      expect(sorted(replay(socket.frames))).toEqual(sorted(replay(fresh.frames)));
    }
    expect(new Set(socket.frames.map(([code]) => code))).toEqual(new Set([0, 1, 2, 3]));
  });

  test("moves a pair from table to table as its curve fills", async () => {
    const local = await setUp({ market: { ...MARKET, tradesPerSecond: 150 } });
    const socket = await opened(local, { tables: ALL, filters: {} });
    local.pass(30_000);
    await socket.settled();
    const removed = socket.frames
      .filter(([code, body]) => code === 3 && body[0] === "newPairs")
      .map(([, body]) => body[1]);
    const added = socket.frames
      .filter(([code, body]) => code === 2 && body[0] === "finalStretch")
      .map(([, body]) => body[1][0]);
    expect(removed.filter((pair) => added.includes(pair)).length).toBeGreaterThan(0);
    expect(socket.frames.some(([code, body]) => code === 2 && body[0] === "migrated")).toBe(true);
  });

  test("leaves out tables that are not wanted, and rows that do not pass", async () => {
    const local = await setUp({ market: MARKET });
    const wanted = { newPairs: true, finalStretch: true, migrated: false };
    const filters = { newPairs: { protocols: { pump: false } }, finalStretch: { holders: { min: 60, max: null } } };
    const socket = await opened(local, { tables: wanted, filters });
    local.pass(20_000);
    await socket.settled();
    const tables = replay(socket.frames);
    expect(tables["migrated"]!.size).toBe(0);
    for (const row of tables["newPairs"]!.values()) expect(row[AT["protocol"]!]).not.toBe("Pump V1");
    for (const row of tables["finalStretch"]!.values()) expect(row[AT["numHolders"]!]).toBeGreaterThanOrEqual(60);
    expect(tables["finalStretch"]!.size).toBeGreaterThan(0);
  });

  test("starts over when the state changes, of which a part will do", async () => {
    const local = await setUp({ market: MARKET });
    const socket = await opened(local, { tables: { migrated: true }, filters: {} });
    socket.send({ type: "userState", state: { filters: { migrated: { numBuys: { min: 1e9, max: null } } } } });
    await socket.settled();
    expect(socket.frames.map(([code]) => code)).toEqual([0, 0]);
    expect(socket.frames[0][1].migrated.length).toBeGreaterThan(0);
    expect(socket.frames[1][1]).toEqual({ newPairs: [], finalStretch: [], migrated: [] });
  });

  test("hides tokens of the blacklist, and says when an entry may go", async () => {
    const local = await setUp({ market: { ...MARKET, pairsPerMinute: 60 } });
    const [token] = [...local.venue.market.tokens].filter(({ isCurve }) => isCurve).slice(-1);
    const mints = [...local.venue.market.tokens].map(({ facts }) => facts.tokenAddress);
    const blacklist = Object.fromEntries(mints.map((mint) => [`ca-${mint}`, { value: mint, type: "ca", time: 1 }]));
    const socket = await opened(local, { tables: ALL, filters: {}, blacklist });
    expect(socket.frames).toEqual([[0, { newPairs: [], finalStretch: [], migrated: [] }]]);
    socket.send({ type: "userState", state: { showHiddenPulseTokens: true } });
    await socket.settled();
    const shown = Object.values<Json[]>(socket.frames[1][1]).flat();
    expect(shown.some((row) => row[1] === token!.facts.tokenAddress)).toBe(true);
    local.pass(30_000);
    await socket.settled();
    const unlisted = socket.frames.filter(([code]) => code === 4).map(([, mint]) => mint);
    expect(unlisted.length).toBeGreaterThan(0);
    expect(unlisted.every((mint) => mints.includes(mint))).toBe(true);
  });

  test("sends JSON in text frames when told so", async () => {
    const local = await setUp({ market: MARKET, pulseFrames: "json" });
    const socket = await opened(local, { tables: ALL, filters: {} });
    expect(socket.binary).toEqual([false]);
    expect(socket.frames[0][0]).toBe(0);
  });
});

describe("eucalyptus", () => {
  test("pushes the trades of the wallets its user tracks, 28 columns each, and answers pings", async () => {
    const local = await setUp();
    const socket = await local.connect("/eucalyptus/ws?user-id=x");
    socket.send({ method: "ping" });
    await socket.settled();
    expect(socket.frames.shift()).toEqual({ method: "pong" });
    const before = local.venue.market.tape.items.length;
    local.pass(20_000);
    await socket.settled();
    const tracked = new Set(local.venue.market.traders.slice(0, 12));
    const made = local.venue.market.tape.items
      .slice(before)
      .filter(({ trader, type }) => tracked.has(trader) && type !== "add");
    expect(made.length).toBeGreaterThan(3);
    expect(socket.frames.map((row) => [row.length, row[2], row[3]])).toEqual(
      made.map(({ signature, type }) => [28, signature, type === "buy" ? 2 : 4]),
    );
  });
});
