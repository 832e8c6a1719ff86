import { EventEmitter } from "eventemitter3";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { ClientEvents } from "../src/client-events.ts";
import { InvalidInputError } from "../src/errors.ts";
import { type ClientOf, defineVenue } from "../src/venue.ts";
import type { BinanceClient, BinanceFuturesClient } from "../src/venues/binance/capabilities.ts";
import { createBinance } from "../src/venues/binance/create-binance.ts";
import type { BinanceOptions, BinanceProduct } from "../src/venues/binance/options.ts";

const capabilities = { market: ["getServerTimeUs"], account: ["balanceOf"] } as const;
const parts = () => ({
  venue: "example",
  market: { getServerTimeUs: async () => 1 },
  account: { balanceOf: async (wallet: string) => ({ wallet, asset: "SOL", units: 1n, decimals: 9 }) },
  events: new EventEmitter<ClientEvents>(),
  close: async () => {},
});

describe("defineVenue", () => {
  test("gives back what it was given, and makes clients that have what was declared", async () => {
    const venue = defineVenue({ name: "example", capabilities, create: (_options: { url: string }) => parts() });
    expect(venue.name).toBe("example");
    expect(venue.capabilities).toEqual(capabilities);
    const client = venue.create({ url: "http://127.0.0.1" });
    expect(await client.market.getServerTimeUs()).toBe(1);
  });

  test("refuses a name that cannot stand in an instrument's id", () => {
    expect(() => defineVenue({ name: "My Venue", capabilities, create: parts })).toThrow(/lower-case letters/);
  });

  test("refuses orders without the kinds that it takes", () => {
    const orders = { ...capabilities, orders: ["submit"] } as const;
    expect(() => defineVenue({ name: "example", capabilities: orders, create: () => ({}) as never })).toThrow(
      /need orderKinds/,
    );
  });

  test("refuses what is no definition", () => {
    const create = parts;
    const name = "a venue's name must be lower-case letters, digits and -, got";
    const rows: readonly (readonly [definition: unknown, words: string])[] = [
      [undefined, "definition must be an object, got undefined"],
      [null, "definition must be an object, got null"],
      [{}, `${name} undefined`],
      [["a"], `${name} undefined`],
      [{ name: 5, capabilities, create }, `${name} 5`],
      [{ name: ["a"], capabilities, create }, `${name} object`],
      [{ name: "a", capabilities: null, create }, "capabilities must be an object, got null"],
      [{ name: "a", capabilities: {}, create }, "capabilities.market must be a list, got undefined"],
      [{ name: "a", capabilities: { market: 5 }, create }, "capabilities.market must be a list, got 5"],
      [{ name: "a", capabilities: { market: [Symbol()] }, create }, "capabilities.market must be a list of names"],
      [{ name: "a", capabilities: { market: [], stream: "market" }, create }, "capabilities.stream must be a list"],
      [{ name: "a", capabilities: { market: [], orders: ["submit"], orderKinds: 5 }, create }, "orderKinds must be"],
      [{ name: "a", capabilities }, "create must be a function, got undefined"],
    ];
    for (const [definition, words] of rows) {
      expect(() => defineVenue(definition as never)).toThrow(InvalidInputError);
      expect(() => defineVenue(definition as never)).toThrow(words);
    }
  });

  test("refuses at the first client what is none", () => {
    for (const [client, words] of [
      [undefined, "the client of venue a must be an object, got undefined"],
      [5, "the client of venue a must be an object, got 5"],
      [{ ...parts(), market: 5 }, "venue a declares market.getServerTimeUs, which its client does not have"],
    ] as const) {
      const venue = defineVenue({ name: "a", capabilities, create: () => client as never });
      expect(() => venue.create(undefined)).toThrow(InvalidInputError);
      expect(() => venue.create(undefined)).toThrow(words);
    }
  });

  test("tells at the first client which declared call is missing", () => {
    const venue = defineVenue({ name: "example", capabilities, create: () => ({ ...parts(), account: {} }) as never });
    expect(() => venue.create(undefined)).toThrow(
      "venue example declares account.balanceOf, which its client does not have",
    );
  });
});

// What a venue cannot do is not on its type: these lines fail the type check when it is.
describe("what a venue lacks does not compile", () => {
  type Example = ClientOf<typeof capabilities>;

  test("a call that is not declared is not there, and one that is has its type", () => {
    expectTypeOf<Example["market"]>().not.toHaveProperty("listTrades");
    expectTypeOf<Example["account"]>().not.toHaveProperty("getBalances");
    expectTypeOf<Example["account"]>().toHaveProperty("balanceOf");
    expectTypeOf<Example>().not.toHaveProperty("orders");
    expectTypeOf<Example>().not.toHaveProperty("stream");
  });

  test("a futures client takes no orders and has no account", () => {
    expectTypeOf<BinanceFuturesClient>().not.toHaveProperty("orders");
    expectTypeOf<BinanceFuturesClient>().not.toHaveProperty("account");
    expectTypeOf<BinanceFuturesClient["stream"]>().not.toHaveProperty("user");
    expectTypeOf<BinanceFuturesClient["market"]>().not.toHaveProperty("listTrades");
  });

  test("credentials for futures do not compile, unless which product it is shows only when it runs", () => {
    const credentials = { apiKey: "k", apiSecret: "s" };
    const make = (product: BinanceProduct, futures: "usdm" | "coinm", options: BinanceOptions) => [
      // @ts-expect-error -- futures take no credentials
      () => createBinance({ product: "usdm", credentials }),
      // @ts-expect-error -- nor does either of them
      () => createBinance({ product: futures, credentials }),
      () => createBinance({ product: "spot", credentials }),
      () => createBinance({ product, credentials }),
      () => createBinance(options),
    ];
    expectTypeOf(createBinance({ product: "usdm" })).toEqualTypeOf<BinanceFuturesClient>();
    expectTypeOf(createBinance({ credentials: { apiKey: "k", apiSecret: "s" } })).toEqualTypeOf<BinanceClient>();
    expect(() => make("usdm", "usdm", {})[0]?.()).toThrow('credentials are for product "spot"');
  });

  test("a spot client has no wallets, and takes only the kinds of order that it declares", () => {
    expectTypeOf<BinanceClient["account"]>().not.toHaveProperty("balancesOf");
    type LimitOnly = ClientOf<{
      readonly market: [];
      readonly orders: readonly ["submit"];
      readonly orderKinds: readonly ["limit"];
    }>;
    type Request = Parameters<LimitOnly["orders"]["submit"]>[0];
    expectTypeOf<Request["type"]>().toEqualTypeOf<"limit">();
    const submit = (_client: LimitOnly) => {
      // @ts-expect-error -- a market order is no kind of this venue
      return () => _client.orders.submit({ type: "market" });
    };
    expect(submit).toBeTypeOf("function");
  });

  test("a definition whose client lacks a declared call does not compile", () => {
    const { account: _account, ...withoutAccount } = parts();
    // @ts-expect-error -- account.balanceOf was declared
    const venue = defineVenue({ name: "example", capabilities, create: () => withoutAccount });
    expect(() => venue.create(undefined)).toThrow(/account.balanceOf/);
  });
});
