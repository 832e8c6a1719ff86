import { createPaper } from "@pitlane/paper";
import { type Instrument, OrderNotFoundError, RequestError } from "../../src/index.ts";
import { type BinanceClient, createBinance } from "../../src/venues/binance/index.ts";

/** What came of the death of the primary region, with reads, orders and a stream under way. */
export interface RegionDeath {
  readonly fault: "regionDown" | "regionSilent";
  /** From the death to the first answered read that began after it, in milliseconds. */
  readonly readsAfterMs: number;
  /** From the death to the first event of the market stream that a socket of another region brought, in milliseconds. */
  readonly streamAfterMs: number;
  readonly submitted: number;
  /** Orders whose outcome was unknown; each was resolved by asking. */
  readonly unknown: number;
  /** Orders of which client and venue disagree: said to be accepted and not in the ledger, or in doubt and never resolved. */
  readonly lost: number;
  /** Orders that the ledger has more than once. */
  readonly doubled: number;
  /** Kinds of client events seen, in the order of their first coming. */
  readonly events: readonly string[];
}

const LOAD_MS = 20; // between two reads, and between two orders
const BEFORE_MS = 600;
const AFTER_MS = 4_000;
const LATE_MS = 20_000; // how much longer a busy machine may take

/** Lets the primary one of three regions die under load, and judges by the venue's ledger. */
export async function runRegionDeath(fault: RegionDeath["fault"]): Promise<RegionDeath> {
  const paper = await createPaper({ seed: 9, regions: [{ name: "tokyo" }, { name: "osaka" }, { name: "seoul" }] });
  const client = createBinance({
    regions: paper.regions.map(({ name, urls }) => ({ name, ...urls })),
    credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret },
    callTimeoutMs: 3_000,
    clockSync: false,
  });
  const events: string[] = [];
  for (const name of ["endpointDown", "regionChanged", "retried", "endpointUp"] as const) {
    client.events.on(name, () => {
      if (!events.includes(name)) events.push(name);
    });
  }
  try {
    const instrument = (await client.market.listInstruments())[0] as Instrument;
    const stream = client.stream.market({
      instruments: [instrument],
      staleAfterMs: { book: 1_000 },
      onEvent: ({ kind }) => {
        if (deathMs > 0 && streamAfterMs < 0 && kind !== "gap" && stream.legs()[0]?.region !== "tokyo")
          streamAfterMs = performance.now() - deathMs;
      },
      onError: () => {},
    });
    let deathMs = -1;
    let readsAfterMs = -1;
    let streamAfterMs = -1;
    await stream.ready;

    const ends = new Map<string, "accepted" | "refused" | "unsent" | "unknown">();
    const work: Promise<void>[] = [];
    let count = 0;
    const load = setInterval(() => {
      const startedMs = performance.now();
      work.push(
        client.market.getServerTimeUs().then(
          () => {
            if (deathMs > 0 && startedMs > deathMs && readsAfterMs < 0) readsAfterMs = performance.now() - deathMs;
          },
          () => {},
        ),
      );
      const clientOrderId = `death-${++count}`;
      work.push(submit(client, instrument, clientOrderId).then((end) => void ends.set(clientOrderId, end)));
    }, LOAD_MS);
    await sleep(BEFORE_MS);
    paper.faults.add({ kind: fault, region: "tokyo" });
    deathMs = performance.now();
    await sleep(AFTER_MS);
    for (let leftMs = LATE_MS; leftMs > 0 && (readsAfterMs < 0 || streamAfterMs < 0); leftMs -= 100) await sleep(100);
    clearInterval(load);
    await Promise.all(work);
    await stream.close();

    const times = new Map<string, number>();
    for (const { clientOrderId } of paper.acceptedOrders())
      times.set(clientOrderId, (times.get(clientOrderId) ?? 0) + 1);
    let unknown = 0;
    let lost = 0;
    for (const [clientOrderId, end] of ends) {
      const accepted = times.get(clientOrderId) ?? 0;
      if (end === "unknown") {
        unknown++;
        const found = await client.orders.get({ instrument, clientOrderId }).then(
          () => true,
          (error: unknown) => (error instanceof OrderNotFoundError ? false : undefined),
        );
        if (found === undefined || found !== accepted > 0) lost++;
      } else if ((end === "accepted") !== accepted > 0) lost++;
    }
    const doubled = [...times.values()].filter((accepted) => accepted > 1).length;
    const ms = Math.round;
    return {
      fault,
      readsAfterMs: ms(readsAfterMs),
      streamAfterMs: ms(streamAfterMs),
      submitted: ends.size,
      unknown,
      lost,
      doubled,
      events,
    };
  } finally {
    await client.close();
    await paper.close();
  }
}

async function submit(client: BinanceClient, instrument: Instrument, clientOrderId: string) {
  const request = { instrument, clientOrderId, side: "buy", type: "limit", priceTicks: 5_000, sizeLots: 200 } as const;
  try {
    await client.orders.submit({ ...request, timeInForce: "GTC" });
    return "accepted";
  } catch (error) {
    if (error instanceof RequestError) return error.outcome;
    throw error;
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
