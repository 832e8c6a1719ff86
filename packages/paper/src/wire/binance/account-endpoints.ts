import { formatUnits } from "../../scale.ts";
import { type Endpoint, marketOf, type Venue } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import { ZERO_TEXT } from "./market-json.ts";
import { myPreventedJson, myTradeJson } from "./order-json.ts";
import { selectByTime } from "./select.ts";
import { inUnit } from "./time-unit.ts";

const MOST_FILLS = 1000;
const DEFAULT_FILLS = 500;
const BASIS_POINT = 10_000n; // in units of 10^-8

/** Balances, fills and counters of the caller's account. */
export function accountEndpoints(venue: Venue): Endpoint[] {
  return [
    {
      http: "GET account",
      socket: "account.status",
      signed: true,
      weight: 20,
      reads: ["omitZeroBalances"],
      handle: ({ params, account, unit }) => {
        const omitZero = params.flag("omitZeroBalances") === true;
        const balances = [...account.balances()]
          .filter(([, { free, locked }]) => !omitZero || free !== 0n || locked !== 0n)
          .map(([asset, { free, locked }]) => ({ asset, free: formatUnits(free), locked: formatUnits(locked) }));
        return {
          makerCommission: Number(account.makerRate / BASIS_POINT),
          takerCommission: Number(account.takerRate / BASIS_POINT),
          buyerCommission: 0,
          sellerCommission: 0,
          commissionRates: {
            maker: formatUnits(account.makerRate),
            taker: formatUnits(account.takerRate),
            buyer: ZERO_TEXT,
            seller: ZERO_TEXT,
          },
          canTrade: true,
          canWithdraw: false,
          canDeposit: false,
          brokered: false,
          requireSelfTradePrevention: false,
          preventSor: false,
          updateTime: inUnit(account.updatedUs, unit),
          accountType: "SPOT",
          balances,
          permissions: ["SPOT"],
          uid: account.index,
        };
      },
    },
    {
      http: "GET myTrades",
      socket: "myTrades",
      signed: true,
      weight: (params) => (params.has("orderId") ? 5 : 20),
      reads: ["symbol", "orderId", "startTime", "endTime", "fromId", "limit"],
      handle: ({ params, account, unit }) => {
        const { ledger, instrument } = marketOf(venue, params);
        const limit = params.limit(DEFAULT_FILLS, MOST_FILLS);
        const orderId = params.id("orderId");
        const fromId = params.id("fromId");
        const hasTime = params.has("startTime") || params.has("endTime");
        if (hasTime && (orderId !== undefined || fromId !== undefined)) throw refuse.badCombination();
        const own = ledger.fills.items.filter(
          ({ order }) => order.owner === account.index && (orderId === undefined || order.id === orderId),
        );
        const fills =
          fromId === undefined
            ? selectByTime(own, (fill) => fill.atUs, params, limit)
            : own.filter((fill) => fill.tradeId >= fromId).slice(0, limit);
        return fills.map((fill) => myTradeJson(instrument, fill, unit));
      },
    },
    {
      http: "GET myPreventedMatches",
      socket: "myPreventedMatches",
      signed: true,
      weight: (params) => (params.has("orderId") ? 20 : 2),
      reads: ["symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit"],
      handle: ({ params, account, unit }) => {
        const { ledger, instrument } = marketOf(venue, params);
        const limit = params.limit(DEFAULT_FILLS, MOST_FILLS);
        const matchId = params.id("preventedMatchId");
        const orderId = params.id("orderId");
        const fromId = params.id("fromPreventedMatchId") ?? 0;
        if ((matchId === undefined) === (orderId === undefined)) throw refuse.badCombination();
        return ledger.prevented.items
          .filter(({ id, taker, maker }) => {
            if (taker.owner !== account.index) return false;
            return orderId === undefined
              ? id === matchId
              : id >= fromId && (taker.id === orderId || maker.id === orderId);
          })
          .slice(0, limit)
          .map((match) => myPreventedJson(instrument, match, unit));
      },
    },
    {
      http: "GET rateLimit/order",
      socket: "account.rateLimits.orders",
      signed: true,
      weight: 40,
      reads: [],
      handle: ({ account, nowUs }) => orderCounts(venue, account, nowUs),
    },
    {
      http: "GET account/commission",
      socket: "account.commission",
      signed: true,
      weight: 20,
      reads: ["symbol"],
      handle: ({ params, account }) => {
        const none = { maker: ZERO_TEXT, taker: ZERO_TEXT, buyer: ZERO_TEXT, seller: ZERO_TEXT };
        return {
          symbol: marketOf(venue, params).instrument.symbol,
          standardCommission: { ...none, maker: formatUnits(account.makerRate), taker: formatUnits(account.takerRate) },
          specialCommission: none,
          taxCommission: none,
          discount: { enabledForAccount: false, enabledForSymbol: false, discountAsset: "BNB", discount: ZERO_TEXT },
        };
      },
    },
  ];
}

/** The account's order limits and how much of them is used. */
export function orderCounts(
  { limits, orderLimit }: Venue,
  account: Parameters<typeof orderLimit.dayCount>[0],
  nowUs: number,
) {
  return [
    {
      rateLimitType: "ORDERS",
      interval: "SECOND",
      intervalNum: 10,
      limit: limits.ordersPer10Seconds,
      count: orderLimit.shortCount(account, nowUs),
    },
    {
      rateLimitType: "ORDERS",
      interval: "DAY",
      intervalNum: 1,
      limit: limits.ordersPerDay,
      count: orderLimit.dayCount(account, nowUs),
    },
  ];
}
