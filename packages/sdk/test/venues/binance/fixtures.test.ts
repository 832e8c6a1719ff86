import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Instrument } from "../../../src/index.ts";
import { parseSnapshot } from "../../../src/venues/binance/decode.ts";
import { parseInstruments } from "../../../src/venues/binance/instruments.ts";
import { parseCancelAll } from "../../../src/venues/binance/list-wire.ts";
import { parseBar, parsePublicTrade, parseTopOfBook } from "../../../src/venues/binance/market-wire.ts";
import { parseBalanceChange, parseListStatus } from "../../../src/venues/binance/user-wire.ts";
import {
  parseAccount,
  parseAccountPosition,
  parseCancel,
  parseExecutionReport,
  parseNewOrder,
  parseOrder,
  parseOwnTrade,
} from "../../../src/venues/binance/wire.ts";
import { dataFolder, needingData } from "../../support/data.ts";
import { recordingDecoder } from "../../support/decoded.ts";
import { testInstrument } from "../../support/instruments.ts";

// Messages that others recorded from Binance spot, some shortened or edited by hand: each kind that we read must come through, and
// those we do not read are named, so that nothing is passed over unseen.

type Json = Readonly<Record<string, unknown>>;
type Parser = (value: unknown) => unknown;

/** An instrument of whatever symbol a message names, fine enough for any of them. */
function of(symbol: unknown): Instrument {
  return testInstrument({ venueSymbol: String(symbol), priceDecimals: 8, sizeDecimals: 8 });
}

const named = (parse: (value: unknown, instrument: Instrument) => unknown): Parser => {
  return (value) => parse(value, of((value as Json)["symbol"]));
};
const eachNamed = (parse: (value: unknown, instrument: Instrument) => unknown): Parser => {
  return (value) => (value as readonly unknown[]).map(named(parse));
};
const bars: Parser = (value) => (value as readonly unknown[]).map((row) => parseBar(row, of("X"), "1m", 0));
const trades: Parser = (value) => (value as readonly unknown[]).map((row) => parsePublicTrade(row, of("X")));

const events: Readonly<Record<string, (event: Json) => unknown>> = {
  outboundAccountPosition: parseAccountPosition,
  balanceUpdate: parseBalanceChange,
  executionReport: (event) => parseExecutionReport(event, of(event["s"])),
  listStatus: (event) => parseListStatus(event, of(event["s"])),
};
const userEvent: Parser = (value) => {
  const message = value as Json;
  const event = (message["event"] ?? message) as Json;
  return events[String(event["e"])]?.(event);
};

function filesIn(folder: string): readonly string[] {
  return dataFolder === undefined ? [] : readdirSync(join(dataFolder, "fixtures", folder)).sort();
}

function read(path: string): Buffer {
  return readFileSync(join(dataFolder as string, "fixtures", path));
}

/** What every message gives; undefined for those without a parser. */
function parseAll(messages: readonly (readonly [name: string, value: unknown, parse: Parser | undefined])[]) {
  const unread: string[] = [];
  const failed: string[] = [];
  for (const [name, value, parse] of messages) {
    if (parse === undefined) unread.push(name);
    else {
      try {
        expect(parse(value)).toBeDefined();
      } catch (error) {
        failed.push(`${name}: ${(error as Error).message}`);
      }
    }
  }
  return { unread, failed };
}

describe("of nautilus_trader's messages", () => {
  const replies: Readonly<Record<string, Parser>> = {
    account_trades_response: eachNamed(parseOwnTrade),
    all_orders_response: eachNamed(parseOrder),
    book_ticker_response: named(parseTopOfBook),
    cancel_order_response: named(parseCancel),
    cancel_open_orders_response: (value) => parseCancelAll(value, of("BTCUSDT")),
    depth_response: (value) => parseSnapshot(value, of("X")),
    klines_response: bars,
    new_order_full_response: named(parseNewOrder),
    open_orders_response: eachNamed(parseOrder),
  };

  test.skipIf(dataFolder === undefined)(needingData("every reply that has a parser is read"), () => {
    const folder = "nautilus/binance/spot/http_json";
    const all = filesIn(folder).map((file) => {
      const name = file.replace(".json", "");
      return [name, JSON.parse(read(`${folder}/${file}`).toString()), replies[name]] as const;
    });
    expect(parseAll(all)).toEqual({
      failed: [],
      unread: [
        "avg_price_response",
        "ping_response",
        "server_time_response", // read by its caller, one field
        "ticker_24hr_response",
        "ticker_price_response",
      ],
    });
    expect(all).toHaveLength(14);
  });

  test.skipIf(dataFolder === undefined)(needingData("every event of the user stream is read"), () => {
    const folder = "nautilus/binance/spot/user_data_json";
    const all = filesIn(folder).map(
      (file) => [file, JSON.parse(read(`${folder}/${file}`).toString()), userEvent] as const,
    );
    expect(parseAll(all)).toEqual({ failed: [], unread: [] });
    expect(all.length).toBeGreaterThan(5);
  });
});

describe("of gocryptotrader's messages", () => {
  const routes: Readonly<Record<string, Parser>> = {
    "GET account": parseAccount,
    "GET allOrders": eachNamed(parseOrder),
    "GET depth": (value) => parseSnapshot(value, of("X")),
    "GET exchangeInfo": (value) => parseInstruments(value, "binance"),
    "GET historicalTrades": trades,
    "GET klines": bars,
    "GET openOrders": eachNamed(parseOrder),
    "DELETE order": named(parseCancel),
    "GET order": named(parseOrder),
    "GET ticker/bookTicker": named(parseTopOfBook),
    "GET trades": trades,
  };

  test.skipIf(dataFolder === undefined)(needingData("every spot reply that has a parser is read"), () => {
    const recorded = JSON.parse(gunzipSync(read("gocryptotrader/binance-http.json.gz")).toString()) as {
      readonly routes: Readonly<Record<string, Readonly<Record<string, readonly { readonly data: unknown }[]>>>>;
    };
    const all = Object.entries(recorded.routes)
      .filter(([path]) => path.startsWith("/api/v3/"))
      .flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, replies]) => {
          const name = `${method} ${path.slice("/api/v3/".length)}`;
          return replies.map(({ data }) => [name, data, routes[name]] as const);
        }),
      );
    const { failed, unread } = parseAll(all);
    expect(failed).toEqual([]);
    expect([...new Set(unread)].sort()).toEqual([
      "GET aggTrades",
      "GET avgPrice",
      "GET ticker/24hr",
      "GET ticker/price",
      "POST order", // no reply was kept
      "POST order/test",
      "POST userDataStream", // listen keys are gone since 2026-02
      "PUT userDataStream",
    ]);
    expect(all.length).toBeGreaterThan(50);
  });

  test.skipIf(dataFolder === undefined)(needingData("every stream frame and user event is read"), () => {
    const lines = read("gocryptotrader/binance-wsHandleData.ndjson").toString().trim().split("\n");
    const decoded: string[] = [];
    for (const line of lines) {
      const { stream, data } = JSON.parse(line) as { readonly stream: string; readonly data: Json };
      if (!stream.includes("@")) {
        expect(userEvent(data)).toBeDefined();
        decoded.push(String(data["e"]));
        continue;
      }
      // Their names are in capitals, which the venue does not send.
      const frame = Buffer.from(line.replace(stream, stream.replace("BNBBTC", "bnbbtc")));
      const [call] = recordingDecoder([of(data["s"])], []).decode(frame) as [readonly unknown[]];
      decoded.push(`${call[0]} ${data["e"]}`);
    }
    expect(decoded).toEqual([
      "ignored 24hrTicker",
      "bar kline",
      "trade trade",
      "depth depthUpdate",
      "balanceUpdate",
      "listStatus",
      "executionReport",
      "outboundAccountPosition",
    ]);
  });
});
