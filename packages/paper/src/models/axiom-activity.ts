import { History } from "../engine/history.ts";
import type { TokenTrade } from "./axiom-token.ts";

const MINUTE_MS = 60_000;
const MINUTES_KEPT = 1440;

/** What happened on one protocol in one minute, or in several taken together. */
export interface Activity {
  buys: number;
  sells: number;
  buyUsd: number;
  sellUsd: number;
  created: number;
  migrated: number;
  /** One bit for each trader that traded, by its index. */
  readonly traders: Uint32Array;
}

interface ActiveMinute {
  readonly startMs: number;
  readonly byProtocol: Map<string, Activity>;
}

/** What the market did, by minute and protocol: the newest 1,440 to 2,880 minutes in which anything happened. */
export class ActivityLog {
  readonly #minutes = new History<ActiveMinute>(MINUTES_KEPT);
  readonly #words: number;

  /** @param traders How many there are; their indexes are below that. */
  constructor(traders: number) {
    this.#words = Math.ceil(traders / 32);
  }

  addTrade({ token, trader, atMs, type, lamports, solUsd }: TokenTrade): void {
    const activity = this.#of(token.facts.protocol, atMs);
    const usd = (lamports / 1e9) * solUsd;
    if (type === "sell") {
      activity.sells++;
      activity.sellUsd += usd;
    } else {
      activity.buys++;
      activity.buyUsd += usd;
    }
    activity.traders[trader.index >>> 5]! |= 1 << (trader.index & 31);
  }

  addPair(protocol: string, isMigration: boolean, atMs: number): void {
    const activity = this.#of(protocol, atMs);
    if (isMigration) activity.migrated++;
    else activity.created++;
  }

  /** Everything from `fromMs` to before `toMs`, in whole minutes, by protocol; "All" is their sum. */
  between(fromMs: number, toMs: number): Map<string, Activity> {
    const all = this.#empty();
    const sums = new Map([["All", all]]);
    const { items } = this.#minutes;
    for (let i = this.#minutes.firstAtLeast(fromMs, startOf); i < items.length && items[i]!.startMs < toMs; i++) {
      for (const [protocol, activity] of items[i]!.byProtocol) {
        let sum = sums.get(protocol);
        if (sum === undefined) {
          sum = this.#empty();
          sums.set(protocol, sum);
        }
        addTo(sum, activity);
        addTo(all, activity);
      }
    }
    return sums;
  }

  #of(protocol: string, atMs: number): Activity {
    const startMs = atMs - (atMs % MINUTE_MS);
    let minute = this.#minutes.last;
    if (minute === undefined || minute.startMs !== startMs) {
      minute = { startMs, byProtocol: new Map() };
      this.#minutes.push(minute);
    }
    let activity = minute.byProtocol.get(protocol);
    if (activity === undefined) {
      activity = this.#empty();
      minute.byProtocol.set(protocol, activity);
    }
    return activity;
  }

  #empty(): Activity {
    return {
      buys: 0,
      sells: 0,
      buyUsd: 0,
      sellUsd: 0,
      created: 0,
      migrated: 0,
      traders: new Uint32Array(this.#words),
    };
  }
}

/** How many traders an activity is of. */
export function traderCount({ traders }: Activity): number {
  let count = 0;
  for (let word of traders) for (; word !== 0; word &= word - 1) count++;
  return count;
}

function addTo(sum: Activity, part: Activity): void {
  sum.buys += part.buys;
  sum.sells += part.sells;
  sum.buyUsd += part.buyUsd;
  sum.sellUsd += part.sellUsd;
  sum.created += part.created;
  sum.migrated += part.migrated;
  for (let i = 0; i < part.traders.length; i++) sum.traders[i]! |= part.traders[i]!;
}

function startOf({ startMs }: ActiveMinute): number {
  return startMs;
}
