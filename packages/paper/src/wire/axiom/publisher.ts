import type { MarketWatcher, TokenMarket } from "../../models/axiom-market.ts";
import { priceSol } from "../../models/axiom-swap.ts";
import type { Token, TokenTrade } from "../../models/axiom-token.ts";
import type { EucalyptusSocket } from "./eucalyptus-socket.ts";
import { lighthouse } from "./lighthouse.ts";
import { newPair, priceSolOf, walletTrade } from "./pair-json.ts";
import type { PulseSocket } from "./pulse-socket.ts";
import type { PulseTables } from "./pulse-tables.ts";
import type { Rooms } from "./rooms.ts";
import { roomRow } from "./trade-rows.ts";
import { PERIODS_MS, trendingRows } from "./trending.ts";

const SLOW_BEATS = 5; // lighthouse and trending, every 5 s
const MONITOR_BEATS = 2;

export interface PublisherOptions {
  readonly market: TokenMarket;
  readonly tables: PulseTables;
  readonly rooms: Rooms;
  readonly pulse: ReadonlySet<PulseSocket>;
  readonly eucalyptus: ReadonlySet<EucalyptusSocket>;
  readonly tradeFrames: "row" | "list";
}

/**
 * Puts what happens in the market into frames: to rooms, Pulse and eucalyptus sockets.
 *
 * Rooms that are published to are those with a known payload: `new_pairs`, `f:` `t:` `td:` `b-` `e-` of a pair, `a:` of a token, `v:` of a
 * wallet, coin prices, fees, `block_hash`, `connection_monitor`, `lighthouse`, `new-trending:PERIOD` and `update_pulse_v2`. Any other room is silent.
 */
export class Publisher implements MarketWatcher {
  readonly #options: PublisherOptions;
  readonly #touched = new Set<Token>(); // since the last beat
  #beats = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  onTrade(trade: TokenTrade): void {
    const { rooms, pulse, eucalyptus, tradeFrames } = this.#options;
    rooms.publish(`v:${trade.trader.address}`, () => walletTrade(trade));
    if (trade.type === "add") return;
    const { facts } = trade.token;
    const pair = facts.pairAddress;
    const row = () => (tradeFrames === "row" ? roomRow(trade) : [roomRow(trade)]);
    rooms.publish(`f:${pair}`, row);
    rooms.publish(`t:${pair}`, row);
    rooms.publish(`td:${pair}`, () => traderDelta(trade));
    rooms.publish(`b-${pair}`, () => priceSol(trade.pool));
    rooms.publish(`a:${facts.tokenAddress}`, () => accountChange(trade));
    this.#touched.add(trade.token);
    for (const socket of eucalyptus) socket.onTrade(trade);
    for (const socket of pulse) socket.update();
  }

  onPair(token: Token): void {
    const { rooms, pulse } = this.#options;
    rooms.publish("new_pairs", () => newPair(token));
    this.#touched.add(token);
    for (const socket of pulse) socket.update();
  }

  onRetired(token: Token): void {
    this.#touched.delete(token);
    for (const socket of this.#options.pulse) socket.onRetired(token);
  }

  onBeat(nowMs: number): void {
    const { market, rooms, pulse } = this.#options;
    this.#beats++;
    const { SOL, BTC, ETH, BNB } = market.coins;
    rooms.publish("sol_price", () => SOL);
    rooms.publish("btc_price", () => BTC);
    rooms.publish("eth_price", () => ETH);
    rooms.publish("bnb_price", () => BNB);
    rooms.publish("sol-priority-fee", () => market.priorityFeeSol);
    rooms.publish("jito-bribe-fee", () => market.bribeFeeSol);
    rooms.publish("block_hash", () => market.blockHash);
    for (const token of market.tokens) {
      // The venue sends the number as text or as a number.
      rooms.publish(`e-${token.facts.pairAddress}`, () =>
        this.#beats % 2 === 0 ? token.viewers : String(token.viewers),
      );
    }
    if (this.#touched.size > 0) rooms.publish("update_pulse_v2", () => this.#touchedRows());
    this.#touched.clear();
    if (this.#beats % MONITOR_BEATS === 0) rooms.publish("connection_monitor", () => nowMs);
    if (this.#beats % SLOW_BEATS === 0) {
      rooms.publish("lighthouse", () => lighthouse(market));
      for (const [name, ms] of PERIODS_MS) rooms.publish(`new-trending:${name}`, () => trendingRows(market, ms));
    }
    for (const socket of pulse) socket.update(); // a pair's ads may have been paid
  }

  #touchedRows(): unknown[] {
    return [...this.#touched].map((token) => this.#options.tables.row(token));
  }
}

// `td:` is `[wallet, int]` of unknown meaning: here how many trades that wallet has made with the token.
function traderDelta({ token, trader }: TokenTrade): unknown[] {
  const holding = token.holdings.get(trader);
  return [trader.address, (holding?.buys ?? 0) + (holding?.sells ?? 0)];
}

// Of `a:` the first three are known; then a slot, three zeros, 0 or 1, and the price.
function accountChange(trade: TokenTrade): unknown[] {
  const { token, pool, raw, type, slot } = trade;
  const delta = type === "sell" ? raw : -raw;
  return [token.facts.pairAddress, pool.raw, delta, slot, 0, 0, 0, type === "sell" ? 1 : 0, priceSolOf(trade)];
}
