import type { Account } from "../../engine/accounts.ts";
import type { Fill } from "../../engine/order.ts";
import { refuse, VenueRefusal } from "./errors.ts";

/** Limits that the exchange announces in exchangeInfo and enforces. */
export interface Limits {
  /** Request weight per minute and address. */
  readonly requestWeightPerMinute: number;
  /** Requests over HTTP per 5 minutes and address. */
  readonly rawRequestsPer5Minutes: number;
  /** WebSockets opened per 5 minutes and address, counted apart for the streams and for the API. */
  readonly connectionsPer5Minutes: number;
  /** Unfilled orders per 10 seconds and account. */
  readonly ordersPer10Seconds: number;
  /** Unfilled orders per UTC day and account. */
  readonly ordersPerDay: number;
  /** Requests refused with 429 in one minute after which the address is banned. The venue does not document its number. */
  readonly refusalsBeforeBan: number;
  /** Length of an address's first ban, milliseconds; each further one is twice as long as the one before. */
  readonly firstBanMs: number;
  /** Bans grow no longer than this. */
  readonly longestBanMs: number;
}

/** The venue's limits, but for its order limits: they were 100 and 200000, raised here so that a busy local strategy is not held up. */
export const DEFAULT_LIMITS: Limits = {
  requestWeightPerMinute: 6000,
  rawRequestsPer5Minutes: 300_000,
  connectionsPer5Minutes: 300,
  ordersPer10Seconds: 10_000,
  ordersPerDay: 2_000_000,
  refusalsBeforeBan: 20,
  firstBanMs: 120_000,
  longestBanMs: 259_200_000,
};

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const DAY_US = 86_400 * SECOND_US;

/** Counts per key in fixed windows aligned to the epoch; every count is 0 again at the start of the next window. */
class FixedWindow<K> {
  readonly lengthUs: number;
  readonly #counts = new Map<K, number>();
  #window = -1;

  constructor(lengthUs: number) {
    this.lengthUs = lengthUs;
  }

  count(key: K, nowUs: number): number {
    this.#roll(nowUs);
    return this.#counts.get(key) ?? 0;
  }

  /** Adds `amount`, which may be negative; a count never falls below 0. */
  add(key: K, amount: number, nowUs: number): number {
    this.#roll(nowUs);
    const count = Math.max(0, (this.#counts.get(key) ?? 0) + amount);
    this.#counts.set(key, count);
    return count;
  }

  /** Whole seconds until the next window, at least 1. */
  secondsLeft(nowUs: number): number {
    return Math.max(1, Math.ceil((this.lengthUs - (nowUs % this.lengthUs)) / SECOND_US));
  }

  #roll(nowUs: number): void {
    const window = Math.floor(nowUs / this.lengthUs);
    if (window === this.#window) return;
    this.#window = window;
    this.#counts.clear();
  }
}

interface Ban {
  readonly untilUs: number;
  readonly lengthMs: number;
}

/**
 * What an address may ask, over all regions and both APIs: request weight by the minute, requests and connections by 5 minutes, in fixed
 * windows. One that goes on asking after it was refused is banned, each time for longer.
 *
 * Source: rest-api.md "LIMITS", web-socket-api.md "IP limits", web-socket-streams.md "Websocket Limits".
 */
export class WeightLimit {
  readonly #limits: AddressLimits;
  readonly #weight = new FixedWindow<string>(MINUTE_US);
  readonly #refusals = new FixedWindow<string>(MINUTE_US);
  readonly #requests = new FixedWindow<string>(5 * MINUTE_US);
  readonly #connections = {
    streams: new FixedWindow<string>(5 * MINUTE_US),
    api: new FixedWindow<string>(5 * MINUTE_US),
  };
  readonly #bans = new Map<string, Ban>(); // the last one of an address, over or not: the next is longer

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /** Weight a minute. */
  get limit(): number {
    return this.#limits.requestWeightPerMinute;
  }

  /** @throws {VenueRefusal} -1003 with 418 while the address is banned. */
  admit(ip: string, nowUs: number): void {
    if (this.#bans.size === 0) return;
    const ban = this.#bans.get(ip);
    if (ban !== undefined && ban.untilUs > nowUs) throw banned(ban.untilUs, nowUs);
  }

  /** Counts one request over HTTP. @throws {VenueRefusal} -1003 with 418 while banned, with 429 when it is one too many. */
  admitRequest(ip: string, nowUs: number): void {
    this.admit(ip, nowUs);
    const { rawRequestsPer5Minutes: limit } = this.#limits;
    if (this.#requests.add(ip, 1, nowUs) <= limit) return;
    throw this.#refuse(ip, nowUs, tooMany("requests", limit, this.#requests.secondsLeft(nowUs)));
  }

  /** Counts one WebSocket that is opened. Throws as `admitRequest`. */
  admitConnection(ip: string, kind: "streams" | "api", nowUs: number): void {
    this.admit(ip, nowUs);
    const { connectionsPer5Minutes: limit } = this.#limits;
    const window = this.#connections[kind];
    if (window.add(ip, 1, nowUs) <= limit) return;
    throw this.#refuse(ip, nowUs, tooMany("connections", limit, window.secondsLeft(nowUs)));
  }

  /** Counts `weight`. @throws {VenueRefusal} -1003 when that is over the limit; it stays counted. */
  take(ip: string, weight: number, nowUs: number): void {
    const { requestWeightPerMinute: limit } = this.#limits;
    if (this.#weight.add(ip, weight, nowUs) <= limit) return;
    throw this.#refuse(ip, nowUs, refuse.tooMuchWeight(limit, this.#weight.secondsLeft(nowUs)));
  }

  /** Takes `weight` back: placing and cancelling orders weighs nothing when it succeeds. */
  giveBack(ip: string, weight: number, nowUs: number): void {
    this.#weight.add(ip, -weight, nowUs);
  }

  /** Counts as much as makes it `weight` in this minute; nothing when there is more already. */
  fillUp(ip: string, weight: number, nowUs: number): void {
    this.#weight.add(ip, Math.max(0, weight - this.used(ip, nowUs)), nowUs);
  }

  used(ip: string, nowUs: number): number {
    return this.#weight.count(ip, nowUs);
  }

  /** Bans an address for `forMs` from now on. */
  ban(ip: string, forMs: number, nowUs: number): void {
    this.#bans.set(ip, { untilUs: nowUs + forMs * 1000, lengthMs: forMs });
  }

  // The refusal itself, or the ban when there have been enough of them.
  #refuse(ip: string, nowUs: number, refusal: VenueRefusal): VenueRefusal {
    const { refusalsBeforeBan, firstBanMs, longestBanMs } = this.#limits;
    if (this.#refusals.add(ip, 1, nowUs) <= refusalsBeforeBan) return refusal;
    const last = this.#bans.get(ip)?.lengthMs;
    const forMs = Math.min(longestBanMs, last === undefined ? firstBanMs : 2 * last);
    this.ban(ip, forMs, nowUs);
    this.#refusals.add(ip, -refusalsBeforeBan - 1, nowUs); // after the ban, as patient as before it
    return banned(nowUs + forMs * 1000, nowUs);
  }
}

/** The part of `Limits` that is counted by address. */
export type AddressLimits = Omit<Limits, "ordersPer10Seconds" | "ordersPerDay">;

// The venue documents the limits and not these words.
function tooMany(what: string, limit: number, retryAfterSeconds: number): VenueRefusal {
  const text = `Too many ${what}; current limit is ${limit} ${what} per 5 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
  return new VenueRefusal(429, -1003, text, retryAfterSeconds);
}

function banned(untilUs: number, nowUs: number): VenueRefusal {
  const seconds = Math.max(1, Math.ceil((untilUs - nowUs) / SECOND_US));
  return new VenueRefusal(418, -1003, banText(Math.ceil(untilUs / 1000)), seconds);
}

/** What the venue tells a banned address. @param untilMs Milliseconds since the epoch. */
export function banText(untilMs: number): string {
  return `Way too much request weight used; IP banned until ${untilMs}. Please use WebSocket Streams for live updates to avoid bans.`;
}

/** The part of `Limits` that is counted by account. */
export type OrderLimits = Pick<Limits, "ordersPer10Seconds" | "ordersPerDay">;

/**
 * Unfilled orders by account. A placement counts 1; an order's first fill takes back 1 as taker and 5 as maker, as the
 * documentation's example does.
 *
 * Source: faqs/order_count_decrement.md.
 */
export class OrderLimit {
  readonly limits: OrderLimits;
  readonly #short = new FixedWindow<Account>(10 * SECOND_US);
  readonly #day = new FixedWindow<Account>(DAY_US);

  constructor(limits: OrderLimits) {
    this.limits = limits;
  }

  /** Counts `orders` placements, more than one for an order list. @throws {VenueRefusal} -1015 when the account is at a limit; nothing is counted then. */
  take(account: Account, nowUs: number, orders = 1): void {
    const { ordersPer10Seconds, ordersPerDay } = this.limits;
    if (this.#day.count(account, nowUs) >= ordersPerDay) {
      throw refuse.tooManyOrders(ordersPerDay, "1 DAY", this.#day.secondsLeft(nowUs));
    }
    if (this.#short.count(account, nowUs) >= ordersPer10Seconds) {
      throw refuse.tooManyOrders(ordersPer10Seconds, "10 SECOND", this.#short.secondsLeft(nowUs));
    }
    this.#short.add(account, orders, nowUs);
    this.#day.add(account, orders, nowUs);
  }

  /** Gives back what a fill earns. */
  onFill(fill: Fill): void {
    if (fill.order.fills[0] !== fill) return;
    const earned = fill.isMaker ? -5 : -1;
    this.#short.add(fill.order.account, earned, fill.atUs);
    this.#day.add(fill.order.account, earned, fill.atUs);
  }

  shortCount(account: Account, nowUs: number): number {
    return this.#short.count(account, nowUs);
  }

  dayCount(account: Account, nowUs: number): number {
    return this.#day.count(account, nowUs);
  }
}
