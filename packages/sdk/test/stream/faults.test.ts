import { EventEmitter, once } from "node:events";
import { createPaper, type Fault } from "@pitlane/paper";
import { afterEach, describe, expect, test, vi } from "vitest";
import { bookDigest, type Instrument, type MarketEvent } from "../../src/index.ts";
import type { MarketStreamOptions } from "../../src/stream/streams.ts";
import { createBinance } from "../../src/venues/binance/index.ts";

// A market stream against an exchange that fails in every way it can: the stream may have gaps, but it must say so.

vi.setConfig({ testTimeout: 150_000 }); // of several waits, each as long as it takes on a busy machine

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

/** Finds every lie: data of a channel that has a gap, trades that are missing and were not told, words out of turn. */
class Witness {
  readonly lies: string[] = [];
  readonly causes = new Set<string>();
  readonly #gaps = new Set<string>();
  readonly #lastIds = new Map<Instrument, number>();

  see(event: MarketEvent): void {
    const { instrument, kind } = event;
    const channel = `${instrument.id} ${"channel" in event ? event.channel : kind}`;
    switch (kind) {
      case "gap":
        if (this.#gaps.has(channel)) this.lies.push(`${channel}: a gap in a gap`);
        this.#gaps.add(channel);
        this.causes.add(event.cause);
        return;
      case "resync": {
        if (!this.#gaps.delete(channel)) this.lies.push(`${channel}: a resync without a gap`);
        const last = this.#lastIds.get(instrument);
        if (event.channel === "trade" && last !== undefined) this.#lastIds.set(instrument, last + (event.missing ?? 0));
        return;
      }
      case "trade": {
        const last = this.#lastIds.get(instrument);
        if (last !== undefined && event.tradeId !== last + 1)
          this.lies.push(`${channel}: ${event.tradeId} after ${last}`);
        this.#lastIds.set(instrument, event.tradeId);
        return;
      }
      default:
        if (this.#gaps.has(channel)) this.lies.push(`${channel}: data in a gap`);
    }
  }

  get isWhole(): boolean {
    return this.#gaps.size === 0;
  }
}

async function setUp(options: Partial<MarketStreamOptions> = {}, regions = ["near", "far"]) {
  const limits = { requestWeightPerMinute: 1_000_000, rawRequestsPer5Minutes: 1_000_000 };
  const paper = await createPaper({ seed: 11, regions: regions.map((name) => ({ name })), limits });
  const client = createBinance({
    requestWeight: 1_000_000,
    regions: paper.regions.map(({ name, urls }) => ({ name, ...urls })),
  });
  closers.push(
    () => paper.close(),
    () => client.close(),
  );
  const instruments = await client.market.listInstruments();
  const witness = new Witness();
  const errors: Error[] = [];
  const books = new EventEmitter();
  const nextBook = (instrument: Instrument) => once(books, instrument.id);
  const digests = new Map<string, string>(); // of books, by instrument and sequence
  const stream = client.stream.market({
    instruments,
    onEvent: (event) => {
      witness.see(event);
      const isGood = stream.book(event.instrument) !== undefined;
      if (event.kind === "book") {
        digests.set(`${event.instrument.id} ${event.sequence}`, bookDigest(event.book, event.instrument));
        books.emit(event.instrument.id);
      }
      if (event.kind === "book" && !isGood) witness.lies.push("a book that is not to be had");
      if (event.kind === "gap" && event.channel === "book" && isGood) witness.lies.push("a bad book that is shown");
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  await stream.ready;
  const sum = (name: "bookUpdates" | "trades" | "quotes" | "gaps" | "backfilled" | "duplicates" | "sequenceFailures") =>
    instruments.reduce((total, instrument) => total + stream.counters(instrument)[name], 0);
  const isLive = async () => {
    for (const instrument of instruments) {
      await vi.waitFor(() => expect(stream.book(instrument)).toBeDefined(), { timeout: 20_000 });
    }
    const before = [sum("bookUpdates"), sum("trades"), sum("quotes")];
    await vi.waitFor(
      () => {
        expect(sum("bookUpdates")).toBeGreaterThan(before[0] as number);
        expect(sum("trades")).toBeGreaterThan(before[1] as number);
        expect(sum("quotes")).toBeGreaterThan(before[2] as number);
        expect(witness.isWhole).toBe(true);
      },
      { timeout: 20_000 },
    );
  };
  await isLive();
  return { paper, client, instruments, stream, witness, errors, digests, nextBook, sum, isLive };
}

/** Adds a fault, waits for what shows that it has struck, takes it away, and waits until everything is well again. */
async function strike(parts: Awaited<ReturnType<typeof setUp>>, fault: Fault, struck: () => void): Promise<void> {
  const handle = parts.paper.faults.add(fault);
  await vi.waitFor(struck, { timeout: 20_000 });
  handle.remove();
  await parts.isLive();
}

/** The books are, level for level, those of snapshots of the same sequence. */
async function expectRightBooks({ client, instruments, digests, nextBook }: Awaited<ReturnType<typeof setUp>>) {
  for (const instrument of instruments) {
    await vi.waitFor(
      async () => {
        await nextBook(instrument); // right behind a diff, a snapshot has most likely nothing that is newer
        const { book, sequence } = await client.market.getBook(instrument, { limit: 5_000 });
        expect(digests.get(`${instrument.id} ${sequence}`)).toBe(bookDigest(book, instrument));
      },
      { timeout: 20_000, interval: 1 },
    );
  }
}

describe("frames that are", () => {
  test("lost make gaps that are told; trades are fetched, books resynced without a ghost of before", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "drop", probability: 0.2, route: "/stream" }, () => {
      expect(parts.sum("gaps")).toBeGreaterThan(6);
      expect(parts.sum("backfilled")).toBeGreaterThan(0);
    });
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
    expect([...parts.witness.causes].sort()).toEqual(["sequence"]);
  });

  test("repeated are dropped", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "duplicate", probability: 0.5, route: "/stream" }, () =>
      expect(parts.sum("sequenceFailures")).toBeGreaterThan(3),
    );
    await expectRightBooks(parts);
    expect([parts.witness.lies, parts.sum("gaps"), parts.errors]).toEqual([[], 0, []]);
  });

  test("overtaken are gaps, which heal", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "reorder", by: 3, probability: 0.3, route: "/stream" }, () =>
      expect(parts.sum("gaps")).toBeGreaterThan(3),
    );
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
  });

  test("cut short are told by onError, and cost no more than themselves", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "corrupt", mode: "truncate", probability: 0.2, route: "/stream" }, () =>
      expect(parts.errors.length).toBeGreaterThan(5),
    );
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
    expect(parts.errors.every(({ message }) => message.startsWith("a frame cannot be decoded"))).toBe(true);
    expect(parts.stream.legs()[0]?.losses).toBe(0);
  });

  test("late come late", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "delay", ms: 20, jitterMs: 50, route: "/stream", forMs: 1_000 }, () =>
      expect(parts.sum("bookUpdates")).toBeGreaterThan(20),
    );
    expect([parts.witness.lies, parts.sum("gaps")]).toEqual([[], 0]);
  });
});

describe("a socket that", () => {
  test("is closed with a code is replaced; what was missed is fetched", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "close", code: 1001, route: "/stream" }, () => expect(parts.errors).toHaveLength(1));
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
    expect([...parts.witness.causes]).toEqual(["connection"]);
  });

  test("the venue is about to end is replaced without a gap", async () => {
    const parts = await setUp();
    parts.paper.faults.add({ kind: "recycle", noticeMs: 3_000, route: "/stream" });
    await vi.waitFor(() => expect(parts.sum("duplicates")).toBeGreaterThan(0)); // both sockets are open
    await new Promise((resolve) => setTimeout(resolve, 3_100)); // the venue has ended the first one by then
    await parts.isLive();
    await expectRightBooks(parts);
    expect([parts.witness.lies, parts.sum("gaps"), parts.errors]).toEqual([[], 0, []]);
  });

  test("is open and brings nothing, not even pings, is left for another region", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "silent", region: "near" }, () => expect(parts.stream.legs()[0]?.region).toBe("far"));
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
  });

  test("is half-open is left too", async () => {
    const parts = await setUp();
    await strike(parts, { kind: "halfOpen", region: "near" }, () => expect(parts.stream.legs()[0]?.region).toBe("far"));
    await expectRightBooks(parts);
    expect(parts.witness.lies).toEqual([]);
  });

  test("silences one stream alone is found by the age of its data", async () => {
    const parts = await setUp({ staleAfterMs: { trade: 2_000 } });
    const symbol = (parts.instruments[0] as Instrument).venueSymbol.toLowerCase();
    await strike(parts, { kind: "silent", pings: true, route: `${symbol}@trade` }, () =>
      expect([...parts.witness.causes]).toContain("stale"),
    );
    expect(parts.witness.lies).toEqual([]);
  });
});

describe("with the region dying", () => {
  for (const kind of ["regionDown", "regionSilent"] as const) {
    test(`(${kind}) streams come from the other one soon, and nothing is missed unsaid`, async () => {
      const parts = await setUp();
      const handle = parts.paper.faults.add({ kind, region: "near" });
      const before = parts.sum("quotes");
      await vi.waitFor(
        () => {
          expect(parts.stream.legs()[0]).toMatchObject({ region: "far", isReady: true });
          expect(parts.sum("quotes")).toBeGreaterThan(before);
        },
        { timeout: 20_000 },
      );
      await parts.isLive();
      handle.remove();
      expect(parts.witness.lies).toEqual([]);
    });

    test(`(${kind}) two sockets go on without a gap`, async () => {
      const parts = await setUp({ dual: true });
      await vi.waitFor(() => expect(parts.stream.legs().map(({ isReady }) => isReady)).toEqual([true, true]));
      expect(new Set(parts.stream.legs().map(({ region }) => region))).toEqual(new Set(["near", "far"]));
      await strike(parts, { kind, region: "near" }, () =>
        expect(parts.stream.legs().map(({ region }) => region)).toEqual(["far", "far"]),
      );
      await expectRightBooks(parts);
      expect([parts.witness.lies, parts.sum("gaps"), parts.sum("sequenceFailures")]).toEqual([[], 0, 0]);
    });
  }
});

test("two sockets, each of which loses frames, bring the whole market", async () => {
  const parts = await setUp({ dual: true });
  await vi.waitFor(() => expect(parts.stream.legs().map(({ isReady }) => isReady)).toEqual([true, true]));
  await strike(parts, { kind: "drop", probability: 0.3, region: "near", route: "/stream" }, () =>
    expect(parts.stream.legs().some(({ frames }) => frames > 150)).toBe(true),
  );
  await expectRightBooks(parts);
  expect([parts.witness.lies, parts.sum("gaps")]).toEqual([[], 0]);
});

test("a chaos of them all is survived, and not one lie is told", async () => {
  const parts = await setUp({ dual: true });
  const faults: readonly Fault[] = [
    { kind: "drop", probability: 0.1, route: "/stream", forMs: 4_000 },
    { kind: "reorder", by: 2, probability: 0.1, route: "/stream", forMs: 4_000 },
    { kind: "duplicate", probability: 0.2, route: "/stream", forMs: 4_000 },
    { kind: "corrupt", mode: "truncate", probability: 0.05, route: "/stream", forMs: 4_000 },
    { kind: "close", code: 1012, region: "far", route: "/stream", afterMs: 1_000 },
    { kind: "regionDown", region: "near", afterMs: 2_000, forMs: 1_000 },
    { kind: "error", status: 503, route: "GET /api/v3/depth", probability: 0.3, forMs: 4_000 },
  ];
  for (const fault of faults) parts.paper.faults.add(fault);
  await vi.waitFor(() => expect(parts.paper.faults.list().every(({ state }) => state === "over")).toBe(true), {
    timeout: 20_000,
  });
  parts.paper.faults.clear();
  await parts.isLive();
  await expectRightBooks(parts);
  expect(parts.witness.lies).toEqual([]);
});
