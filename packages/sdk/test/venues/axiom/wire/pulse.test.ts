import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../../src/errors.ts";
import { PulseTables } from "../../../../src/venues/axiom/pulse-tables.ts";
import { parsePulseItems, parsePulseRow, pulseColumn } from "../../../../src/venues/axiom/wire/pulse.ts";
import { PAIR, pulseColumns } from "../examples.ts";

describe("a pulse row", () => {
  test("has 49 named columns", () => {
    const row = parsePulseRow(pulseColumns());
    expect(Object.keys(row)).toHaveLength(49 + 1);
    expect(row).toMatchObject({
      ...{ pairAddress: PAIR, tokenDecimals: 6, protocolDetails: {}, top10HoldersPercent: 18, numTxns: 40 },
      ...{ bondingCurvePercent: 62.5, createdAtUs: Date.parse("2026-04-18T12:00:00Z") * 1000, dexPaid: false },
      ...{ devPairCount: 3, twitterHandle: "handle", twitterFollowing: 20, moreColumns: [] },
    });
    expect([pulseColumn(0), pulseColumn(31), pulseColumn(48), pulseColumn(49)]).toEqual([
      "pairAddress",
      "extra",
      "twitterFollowing",
      undefined,
    ]);
  });

  test("of 35, 43 or any other number of columns is read as far as it goes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (width) => {
        const columns = [...pulseColumns(), ...Array.from({ length: 11 }, (_, index) => index)].slice(0, width);
        const row = parsePulseRow(columns);
        expect(row.moreColumns).toEqual(columns.slice(49));
        expect(row.twitterFollowing).toBe(width >= 49 ? 20 : null);
        expect(row.numHolders).toBe(width >= 29 ? 90 : null);
      }),
    );
  });

  test("of the older call is read from columns and from objects alike", () => {
    const row = parsePulseRow(pulseColumns());
    const object = { ...row, createdAt: "2026-04-18T12:00:00.000Z", createdAtUs: undefined };
    expect(parsePulseItems([pulseColumns(), object])).toEqual([row, row]);
  });
});

const at = (pair: string, seconds: number, curve = 0) => {
  const columns = pulseColumns(pair);
  columns[30] = seconds * 1000;
  columns[26] = curve;
  return columns;
};

function setUp(mostRows = 10) {
  const tables = new PulseTables(mostRows);
  const pairs = (table: "newPairs" | "finalStretch" | "migrated") => tables.rows(table).map((row) => row.pairAddress);
  return { tables, pairs };
}

describe("pulse tables", () => {
  test("are sorted as on the site: the newest first, final stretch by the curve", () => {
    const { tables, pairs } = setUp();
    const updates = tables.apply([
      0,
      {
        newPairs: [at("a", 1), at("b", 3), at("c", 2)],
        finalStretch: [at("d", 1, 90), at("e", 2, 99), at("f", 3, 91)],
        migrated: [],
      },
    ]);
    expect(updates).toEqual([{ kind: "replaced", tables: ["newPairs", "finalStretch", "migrated"] }]);
    expect(pairs("newPairs")).toEqual(["b", "c", "a"]);
    expect(pairs("finalStretch")).toEqual(["e", "f", "d"]);
    expect(pairs("migrated")).toEqual([]);
  });

  test("a table that is not in a frame stays as it is", () => {
    const { tables, pairs } = setUp();
    tables.apply([0, { newPairs: [at("a", 1)], migrated: [at("m", 1)] }]);
    tables.apply([0, { newPairs: [at("b", 1)] }]);
    expect([pairs("newPairs"), pairs("migrated")]).toEqual([["b"], ["m"]]);
  });

  test("a change makes a new row and leaves the old one alone", () => {
    const { tables } = setUp();
    tables.apply([0, { newPairs: [at("a", 1)] }]);
    const before = tables.row("newPairs", "a");
    const [update] = tables.apply([
      1,
      "a",
      [
        [19, 800],
        [23, "41"],
        [51, "new column"],
      ],
    ]);
    expect(update).toMatchObject({
      kind: "changed",
      table: "newPairs",
      row: { marketCapSol: 800, numTxns: 41, moreColumns: [null, null, "new column"] },
    });
    expect(before).toMatchObject({ marketCapSol: 700, numTxns: 40, moreColumns: [] });
    expect(tables.row("newPairs", "a")).toMatchObject({ marketCapSol: 800 });
  });

  test("a change of the column that orders moves the row", () => {
    const { tables, pairs } = setUp();
    tables.apply([0, { finalStretch: [at("a", 1, 90), at("b", 1, 91)] }]);
    tables.apply([1, "a", [[26, 95]]]);
    expect(pairs("finalStretch")).toEqual(["a", "b"]);
  });

  test("a frame that cannot be read changes nothing", () => {
    const { tables, pairs } = setUp();
    tables.apply([0, { newPairs: [at("a", 1)] }]);
    for (const frame of [
      [
        1,
        "a",
        [
          [19, 1],
          [30, "soon"],
        ],
      ],
      [1, "a", [[0, "b"]]],
      [1, "a", [[-1, 0]]],
      [1, "a", [[1e9, 0]]],
      [0, { newPairs: [at("b", 1), [7]] }],
      [2, ["newPairs", [null]]],
      [2, ["constructor", at("c", 1)]],
      [3, ["newPairs"]],
      "text",
      { 0: 0 },
    ]) {
      expect(() => tables.apply(frame)).toThrow(ProtocolError);
    }
    expect(pairs("newPairs")).toEqual(["a"]);
    expect(tables.row("newPairs", "a")).toMatchObject({ marketCapSol: 700 });
  });

  test("a full table gives up its last row and says so", () => {
    const { tables, pairs } = setUp(2);
    tables.apply([0, { newPairs: [at("a", 1), at("b", 2)] }]);
    expect(tables.apply([2, ["newPairs", at("c", 3)]])).toMatchObject([
      { kind: "added", table: "newPairs" },
      { kind: "removed", table: "newPairs", pairAddress: "a", reason: "full" },
    ]);
    expect(pairs("newPairs")).toEqual(["c", "b"]);
    expect(tables.apply([1, "a", [[19, 1]]])).toEqual([]);
    expect(tables.unmatched).toBe(1);
  });

  test("rows go when the venue says so; frames of unknown kinds are handed over", () => {
    const { tables, pairs } = setUp();
    tables.apply([2, ["migrated", at("a", 1)]]);
    expect(tables.apply([3, ["migrated", "a"]])).toEqual([
      { kind: "removed", table: "migrated", pairAddress: "a", reason: "venue" },
    ]);
    expect(pairs("migrated")).toEqual([]);
    expect(tables.apply([4, "token"])).toEqual([{ kind: "unblocked", tokenAddress: "token" }]);
    expect(tables.apply([5, 1])).toEqual([{ kind: "unknown", frame: [5, 1] }]);
  });

  test("whatever frames come, a table has each pair once, in order, and no more rows than it may", () => {
    const pair = fc.constantFrom("a", "b", "c", "d", "e");
    const table = fc.constantFrom("newPairs", "finalStretch", "migrated");
    const row = fc.tuple(pair, fc.nat(9), fc.nat(100)).map(([name, seconds, curve]) => at(name, seconds, curve));
    const frame = fc.oneof(
      fc.record({ newPairs: fc.array(row), finalStretch: fc.array(row) }).map((tables) => [0, tables]),
      fc.tuple(fc.constant(1), pair, fc.array(fc.tuple(fc.constantFrom(26, 30), fc.nat(1000)), { maxLength: 2 })),
      fc.tuple(fc.constant(2), fc.tuple(table, row)),
      fc.tuple(fc.constant(3), fc.tuple(table, pair)),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
        const { tables, pairs } = setUp(3);
        for (const one of frames) tables.apply(one);
        for (const name of ["newPairs", "finalStretch", "migrated"] as const) {
          const rows = tables.rows(name);
          const ranks = rows.map((one) => (name === "finalStretch" ? one.bondingCurvePercent : one.createdAtUs) ?? 0);
          expect(rows.length).toBeLessThanOrEqual(3);
          expect(new Set(pairs(name)).size).toBe(rows.length);
          expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
        }
      }),
    );
  });
});
