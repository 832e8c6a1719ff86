import {
  type Balance,
  type CallControl,
  type Instrument,
  InvalidInputError,
  type MarketStreamOptions,
  type OrderRef,
  type UserStreamOptions,
} from "@pitlane/sdk";
import type { MarketFeed, OrderVenue, TradingVenue, UserFeed } from "./venue.ts";

/** A venue under the name that its instruments have. */
export interface NamedVenue {
  /** As in `Instrument.venue`. */
  readonly name: string;
  readonly client: TradingVenue;
}

/**
 * Several venues as one that a session trades on: an instrument belongs to the venue whose name it carries, and everything about it
 * goes there. Balances are the sums over all venues; `listBalances` has them apart.
 *
 * @throws {InvalidInputError} When two have one name. Its calls throw it for an instrument of none of them.
 * @example
 * const venue = combineVenues([{ name: "alpha", client: alpha }, { name: "beta", client: beta }]);
 * const runtime = await openRuntime({ ...options, client: venue, trading: venue });
 */
export function combineVenues(venues: readonly NamedVenue[]): TradingVenue {
  const clients = new Map(venues.map(({ name, client }) => [name, client]));
  const names = venues.map(({ name }) => name);
  if (clients.size < venues.length)
    throw new InvalidInputError(`venues must have names of their own; got ${names.join(", ")}`);
  const clientOf = ({ venue, id }: Instrument): TradingVenue => {
    const client = clients.get(venue);
    if (client === undefined)
      throw new InvalidInputError(`${id} is of none of the session's venues, which are ${names.join(", ")}`);
    return client;
  };
  return {
    market: {
      listInstruments: async () => {
        const lists = venues.map(async ({ name, client }) => checked(name, await client.market.listInstruments()));
        return (await Promise.all(lists)).flat();
      },
      // Each is asked, as its answer opens a socket there; which of them is returned matters to nobody who trades on several.
      getServerTimeUs: async () => Math.max(...(await Promise.all([...clients.values()].map(timeOf)))),
    },
    stream: {
      market: (options) => combinedMarket(options, groups(options.instruments, clientOf), clientOf),
      user: (options) => combinedUser(options, groups(options.instruments, clientOf)),
    },
    orders: combinedOrders([...clients.values()], ({ instrument }) => clientOf(instrument).orders),
    account: {
      getBalances: async (control) => sumOf((await balancesOf(venues, control)).values()),
      listBalances: (control) => balancesOf(venues, control),
    },
    listNetworks: () => clients,
  };
}

type ByClient = ReadonlyMap<TradingVenue, readonly Instrument[]>;

function checked(name: string, instruments: readonly Instrument[]): readonly Instrument[] {
  const other = instruments.find(({ venue }) => venue !== name);
  if (other === undefined) return instruments;
  throw new InvalidInputError(`venue ${name} has ${other.id}: its client must be made with the venue name ${name}`);
}

function timeOf({ market }: TradingVenue): Promise<number> {
  return market.getServerTimeUs();
}

function groups(instruments: readonly Instrument[], clientOf: (instrument: Instrument) => TradingVenue): ByClient {
  const byClient = new Map<TradingVenue, Instrument[]>();
  for (const instrument of instruments) {
    const client = clientOf(instrument);
    const own = byClient.get(client);
    if (own === undefined) byClient.set(client, [instrument]);
    else own.push(instrument);
  }
  return byClient;
}

function combinedMarket(
  options: MarketStreamOptions,
  byClient: ByClient,
  clientOf: (instrument: Instrument) => TradingVenue,
): MarketFeed {
  const feeds = new Map<TradingVenue, MarketFeed>();
  for (const [client, instruments] of byClient) feeds.set(client, client.stream.market({ ...options, instruments }));
  const feedOf = (instrument: Instrument): MarketFeed => {
    const feed = feeds.get(clientOf(instrument));
    if (feed === undefined) throw new InvalidInputError(`${instrument.id} is not in the stream`);
    return feed;
  };
  return {
    ready: allReady(feeds.values()),
    book: (instrument) => feedOf(instrument).book(instrument),
    counters: (instrument) => feedOf(instrument).counters(instrument),
    close: () => allClosed(feeds.values()),
  };
}

function combinedUser(options: UserStreamOptions, byClient: ByClient): UserFeed {
  const feeds = [...byClient].map(([client, instruments]) => client.stream.user({ ...options, instruments }));
  return { ready: allReady(feeds), close: () => allClosed(feeds) };
}

/** What only some of them can do is refused, before anything is sent, for an instrument of another one. */
function combinedOrders(
  clients: readonly TradingVenue[],
  ordersOf: (about: Pick<OrderRef, "instrument">) => OrderVenue,
): OrderVenue {
  const can = (call: "amend" | "cancelAll" | "listOpen") => clients.some(({ orders }) => orders[call] !== undefined);
  return {
    submit: (request, control) => ordersOf(request).submit(request, control),
    cancel: (ref, control) => ordersOf(ref).cancel(ref, control),
    get: (ref, control) => ordersOf(ref).get(ref, control),
    listFills: (instrument, options) => ordersOf({ instrument }).listFills(instrument, options),
    takesKind: (kind, instrument) => ordersOf({ instrument }).takesKind?.(kind, instrument) ?? true,
    ...(can("amend")
      ? {
          amend: (request, control) => {
            const { venue } = request.instrument;
            const amended = ordersOf(request).amend?.(request, control);
            return amended ?? Promise.reject(new InvalidInputError(`venue ${venue} has no call to amend orders`));
          },
        }
      : {}),
    ...(can("cancelAll")
      ? {
          // Where a venue has no such call it has cancelled none: each is then cancelled by itself.
          cancelAll: async (instrument, control) =>
            (await ordersOf({ instrument }).cancelAll?.(instrument, control)) ?? [],
        }
      : {}),
    ...(can("listOpen")
      ? {
          listOpen: async (control) => {
            const lists = clients.map(({ orders }) => orders.listOpen?.(control) ?? []);
            return (await Promise.all(lists)).flat();
          },
        }
      : {}),
  };
}

async function balancesOf(
  venues: readonly NamedVenue[],
  control?: CallControl,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Balance>>> {
  const entries = venues.map(async ({ name, client }) => [name, await client.account.getBalances(control)] as const);
  return new Map(await Promise.all(entries));
}

function sumOf(balances: Iterable<ReadonlyMap<string, Balance>>): ReadonlyMap<string, Balance> {
  const sums = new Map<string, { free: bigint; locked: bigint }>();
  for (const own of balances) {
    for (const [asset, { free, locked }] of own) {
      const sum = sums.get(asset) ?? { free: 0n, locked: 0n };
      sums.set(asset, { free: sum.free + free, locked: sum.locked + locked });
    }
  }
  return sums;
}

/** Rejects with the first that does; the others' ends are heard, so that none is left unhandled. */
async function allReady(feeds: Iterable<{ readonly ready: Promise<void> }>): Promise<void> {
  await Promise.all([...feeds].map(({ ready }) => ready));
}

async function allClosed(feeds: Iterable<{ close(): Promise<void> }>): Promise<void> {
  await Promise.all([...feeds].map((feed) => feed.close()));
}
