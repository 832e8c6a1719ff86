import type { Account } from "../../engine/accounts.ts";
import type { Side } from "../../engine/book-side.ts";
import type { Market, MarketListener, OrderReport } from "../../engine/market.ts";
import type { AggregateTrade, Trade } from "../../engine/tape.ts";
import type { OrderLimit } from "./limits.ts";
import { listStatusJson } from "./list-json.ts";
import { MarketFeed } from "./market-feed.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { TimeUnit } from "./time-unit.ts";
import type { UserStreams } from "./user-streams.ts";

const UNITS: readonly TimeUnit[] = ["ms", "us"];
const SLOW_EVERY = 10; // of the 100 ms ticks

/** Turns what happens in the markets into events on the streams. */
export class Publisher implements MarketListener {
  readonly #hub: StreamHub;
  readonly #userStreams: UserStreams;
  readonly #orderLimit: OrderLimit;
  readonly #feeds = new Map<Market, MarketFeed>();
  readonly #traded = new Set<MarketFeed>(); // since the last `!miniTicker@arr`
  #ticks = 0;

  constructor(hub: StreamHub, userStreams: UserStreams, orderLimit: OrderLimit) {
    this.#hub = hub;
    this.#userStreams = userStreams;
    this.#orderLimit = orderLimit;
  }

  /** Publishes the market data of `market` from now on; without it (a recording has its own) only user events go out. */
  addFeed(market: Market): void {
    const channels = this.#hub.channelsOf(market.instrument.symbol.toLowerCase());
    this.#feeds.set(market, new MarketFeed(market, channels));
  }

  onTrade(market: Market, trade: Trade): void {
    const feed = this.#feeds.get(market);
    if (feed === undefined) return;
    feed.onTrade(trade);
    this.#traded.add(feed);
  }

  onAggregate(market: Market, aggregate: AggregateTrade): void {
    this.#feeds.get(market)?.onAggregate(aggregate);
  }

  onLevel(market: Market, side: Side, priceTicks: number): void {
    this.#feeds.get(market)?.onLevel(side, priceTicks);
  }

  onBook(market: Market): void {
    this.#feeds.get(market)?.onBook();
  }

  onReport(market: Market, report: OrderReport): void {
    const { list, atUs } = report;
    if (list !== undefined) {
      this.#userStreams.send(list.account, "listStatus", (unit) => listStatusJson(list, atUs, unit));
      return;
    }
    if (report.fill !== undefined) this.#orderLimit.onFill(report.fill);
    this.#userStreams.onReport(market, report);
  }

  onBalances(account: Account, assets: readonly string[], atUs: number): void {
    this.#userStreams.onBalances(account, assets, atUs);
  }

  /** Publishes what is due; call every 100 ms. */
  tick(nowUs: number): void {
    this.#ticks++;
    const isSlow = this.#ticks % SLOW_EVERY === 0;
    for (const feed of this.#feeds.values()) {
      feed.flushFast(nowUs);
      if (isSlow) feed.flushSlow(nowUs, this.#ticks % (2 * SLOW_EVERY) === 0);
    }
    if (isSlow) this.#sendMiniTickers(nowUs);
  }

  #sendMiniTickers(nowUs: number): void {
    const channel = this.#hub.find("!miniTicker@arr");
    if (channel !== undefined && this.#traded.size > 0) {
      for (const unit of UNITS) {
        if (!channel.wants(unit)) continue;
        const events = [...this.#traded].map((feed) => feed.miniTickerJson(nowUs, unit));
        channel.send(unit, `[${events.join(",")}]`);
      }
    }
    this.#traded.clear();
  }
}
