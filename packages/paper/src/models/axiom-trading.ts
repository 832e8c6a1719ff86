import type { Random } from "@pitlane/perf";
import { CURVE_END_RAW, drawSignature } from "./axiom-births.ts";
import { buy, buyExactly, feeOf, priceSol, type Swap, sell } from "./axiom-swap.ts";
import {
  type DetailedType,
  type Holding,
  LAMPORTS_PER_SOL,
  type Minute,
  RAW_PER_TOKEN,
  type Token,
  type TokenTrade,
  type Trader,
} from "./axiom-token.ts";

const MEAN_BUY_SOL = 0.9;
const SELL_ALL_CHANCE = 0.35;
const MINUTE_MS = 60_000;
/** Makes lamports for a raw unit into SOL for all tokens there are. */
const MARKET_CAP_FACTOR = RAW_PER_TOKEN;

/** When and at what SOL price trades happen. */
export interface Moment {
  readonly nowMs: number;
  readonly slot: number;
  readonly solUsd: number;
}

/**
 * Lets somebody trade `token`: any trader buys, or one who holds it sells. Undefined when the draw comes to nothing.
 * Amounts are whole lamports and raw units throughout; nothing is made or lost: what holders and pool have is always the supply.
 */
export function trade(
  random: Random,
  token: Token,
  traders: readonly Trader[],
  moment: Moment,
): TokenTrade | undefined {
  const wantsToBuy = random.next() < token.facts.buyChance;
  const holders = wantsToBuy ? [] : [...token.holdings.values()].filter(({ raw }) => raw > 0);
  if (holders.length === 0) return buyOne(random, token, traders[random.integer(0, traders.length - 1)]!, moment);
  return sellOne(random, token, holders[random.integer(0, holders.length - 1)]!, moment);
}

/** The deposit that opens a pool: the deployer keeps what it does not put in. */
export function deposit(random: Random, token: Token, moment: Moment, ownedRaw: number): TokenTrade {
  const { dev, initial } = token.facts;
  const holding = token.holdingOf(dev, moment.nowMs);
  holding.raw += ownedRaw;
  return {
    ...momentOf(random, token, dev, moment),
    type: "add",
    detailedType: "Add Liquidity",
    lamports: initial.lamports,
    raw: initial.raw,
    feeLamports: 0,
    entryMarketCapSol: null,
    exitMarketCapSol: null,
    flowSol: 0,
  };
}

function buyOne(random: Random, token: Token, trader: Trader, moment: Moment): TokenTrade | undefined {
  const { pool } = token;
  let swap = buy(pool, Math.ceil((0.01 + random.exponential(MEAN_BUY_SOL)) * LAMPORTS_PER_SOL));
  if (token.isCurve && swap !== undefined && swap.after.raw < CURVE_END_RAW) {
    swap = buyExactly(pool, pool.raw - CURVE_END_RAW); // the last buy of a curve fills it and no more
  }
  if (swap === undefined) return undefined;
  const holding = token.holdingOf(trader, moment.nowMs);
  const detailedType = holding.buys === 0 ? "First Buy" : "Buy More";
  const fee = feeOf(swap.lamports);
  holding.raw += swap.raw;
  holding.buys++;
  holding.rawBought += swap.raw;
  holding.lamportsInvested += swap.lamports;
  holding.buyFees += fee;
  holding.usdInvested += (swap.lamports / LAMPORTS_PER_SOL) * moment.solUsd;
  token.buys++;
  return record(random, token, holding, swap, "buy", detailedType, stateOf(holding), moment);
}

function sellOne(random: Random, token: Token, holding: Holding, moment: Moment): TokenTrade | undefined {
  const isAll = random.next() < SELL_ALL_CHANCE;
  const raw = isAll ? holding.raw : Math.ceil(holding.raw * (0.1 + random.next() * 0.8));
  const swap = sell(token.pool, raw);
  if (swap === undefined) return undefined;
  const before = stateOf(holding);
  const fee = feeOf(swap.lamports);
  holding.raw -= raw;
  holding.sells++;
  holding.rawSold += raw;
  holding.lamportsSold += swap.lamports;
  holding.sellFees += fee;
  holding.usdSold += (swap.lamports / LAMPORTS_PER_SOL) * moment.solUsd;
  token.sells++;
  // The venue's rows of a last sale show what was before it.
  return holding.raw === 0
    ? record(random, token, holding, swap, "sell", "Sell All", before, moment)
    : record(random, token, holding, swap, "sell", "Sell Partial", stateOf(holding), moment);
}

function record(
  random: Random,
  token: Token,
  holding: Holding,
  swap: Swap,
  type: "buy" | "sell",
  detailedType: DetailedType,
  state: PositionState,
  moment: Moment,
): TokenTrade {
  const feeLamports = feeOf(swap.lamports);
  token.pool = swap.after;
  token.volumeLamports += swap.lamports;
  token.feeLamports += feeLamports;
  token.updatedAtMs = moment.nowMs;
  token.version++;
  holding.lastActiveMs = moment.nowMs;
  holding.lastSlot = moment.slot;
  const made: TokenTrade = {
    ...momentOf(random, token, holding.trader, moment),
    type,
    detailedType,
    lamports: swap.lamports,
    raw: swap.raw,
    feeLamports,
    ...state,
  };
  token.trades.push(made);
  addToMinute(token, type, swap.lamports, moment.nowMs);
  return made;
}

function addToMinute(token: Token, type: "buy" | "sell", lamports: number, nowMs: number): void {
  const price = priceSol(token.pool);
  const startMs = nowMs - (nowMs % MINUTE_MS);
  let minute: Minute | undefined = token.minutes.last;
  if (minute === undefined || minute.startMs !== startMs) {
    const open = minute?.close ?? priceSol(token.facts.initial);
    minute = { startMs, buys: 0, sells: 0, buyLamports: 0, sellLamports: 0, open, high: open, low: open, close: open };
    token.minutes.push(minute);
  }
  if (type === "buy") {
    minute.buys++;
    minute.buyLamports += lamports;
  } else {
    minute.sells++;
    minute.sellLamports += lamports;
  }
  minute.high = Math.max(minute.high, price);
  minute.low = Math.min(minute.low, price);
  minute.close = price;
}

type PositionState = Pick<TokenTrade, "entryMarketCapSol" | "exitMarketCapSol" | "flowSol">;

function stateOf(holding: Holding): PositionState {
  const { rawBought, rawSold, lamportsInvested, lamportsSold, buyFees, sellFees } = holding;
  const paid = lamportsInvested + buyFees;
  const received = lamportsSold - sellFees;
  return {
    entryMarketCapSol: rawBought === 0 ? null : (paid / rawBought) * MARKET_CAP_FACTOR,
    exitMarketCapSol: rawSold === 0 ? null : (received / rawSold) * MARKET_CAP_FACTOR,
    flowSol: (received - paid) / LAMPORTS_PER_SOL,
  };
}

function momentOf(random: Random, token: Token, trader: Trader, { nowMs, slot, solUsd }: Moment) {
  return { signature: drawSignature(random), token, trader, atMs: nowMs, slot, pool: token.pool, solUsd };
}
