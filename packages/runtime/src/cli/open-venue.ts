import type { Clock } from "@pitlane/perf";
import { type Instrument, InvalidInputError } from "@pitlane/sdk";
import { type BinanceClient, binanceEndpoints, createBinance } from "@pitlane/sdk/binance";
import type { VenuePlan } from "../config/venue-plan.ts";
import type { Config } from "../config.ts";
import type { TradingVenue } from "../venue.ts";
import type { OpenExchange } from "./open-exchange.ts";
import { colors } from "./output.ts";

export interface VenueOptions {
  readonly config: Pick<Config, "orderTransport" | "connections" | "risk">;
  /** With the values of its secrets in place. */
  readonly plan: VenuePlan;
  readonly recvWindowMs: number;
  readonly clock: Clock;
}

/** Opens the client of a real venue; nothing is asked of it yet. */
export function openVenue({ config, plan, recvWindowMs, clock }: VenueOptions): OpenExchange {
  const { name, environment, urls, credentials, symbols } = plan;
  const client = createBinance({
    venue: name,
    ...(urls === undefined ? { environment } : { urls }),
    credentials,
    recvWindowMs,
    connections: config.connections,
    orderTransport: config.orderTransport === "websocket" ? "webSocket" : "rest",
    clock,
  });
  const trading = only(client, name, symbols);
  return { client: trading, trading, paper: undefined, lines: linesOf(plan, config.risk), close: () => client.close() };
}

/** The venue with these symbols alone: a session follows all that its venue lists. */
function only(client: BinanceClient, name: string, symbols: readonly string[]): TradingVenue {
  return {
    market: {
      listInstruments: async () => pick(await client.market.listInstruments(), name, symbols),
      getServerTimeUs: (control) => client.market.getServerTimeUs(control),
    },
    stream: client.stream,
    orders: client.orders,
    account: client.account,
    events: client.events,
    health: () => client.health(),
  };
}

function pick(listed: readonly Instrument[], name: string, symbols: readonly string[]): readonly Instrument[] {
  return symbols.map((symbol) => {
    const found = listed.find((instrument) => instrument.symbol === symbol);
    if (found !== undefined) return found;
    const [base] = symbol.split("/");
    const near = listed.filter((one) => one.base === base).slice(0, 5);
    const others = near.length === 0 ? "" : `; of ${base} there are ${near.map((one) => one.symbol).join(", ")}`;
    throw new InvalidInputError(`${name} lists no ${symbol}${others}: correct --symbols or venue.symbols`);
  });
}

/** What people must see before the first order: where it goes, whether it is real, and what limits it. */
function linesOf(
  { name, isRealMoney, environment, urls, symbols }: VenuePlan,
  risk: Config["risk"],
): readonly string[] {
  const rest = urls?.rest ?? binanceEndpoints({ environment }).rest[0]?.url;
  const money = isRealMoney ? colors.red(colors.bold("REAL MONEY")) : "no real money";
  const limits = `orders up to ${risk.maxOrderNotional}, positions up to ${risk.maxPositionNotional} of the quote asset`;
  return [`venue    ${name}, ${money}: ${symbols.join(", ")} at ${rest}`, `limits   ${limits}`];
}
