import { formatUnits } from "@pitlane/sdk";
import { type EquityRecord, EquityTracker } from "./equity.ts";

/** Which limit was passed, of which quote asset. */
export interface Breach {
  readonly code: "MAX_DRAWDOWN" | "MAX_DAILY_LOSS";
  readonly quote: string;
  /** For people; names the limit. */
  readonly reason: string;
}

export interface LossLimitsOptions {
  /** Largest fall of the profit below its highest value, in the quote asset's smallest unit; 0n for no limit. */
  readonly maxDrawdown: bigint;
  /** Largest loss within a UTC day, in the same unit; 0n for no limit. */
  readonly maxDailyLoss: bigint;
}

/** As snapshots keep it, by quote asset; amounts in decimal digits of their bigint. */
export type LossRecord = Readonly<Record<string, LossEntryRecord>>;

interface LossEntryRecord {
  readonly equity: EquityRecord;
  readonly grantedDrawdown: string;
  readonly grantedLoss: string;
}

class Entry {
  readonly equity = new EquityTracker();
  // What an operator has seen and gone on with: the limit is granted once more from there, until the loss is made good.
  grantedDrawdown = 0n;
  grantedLoss = 0n;
  breach: Breach | undefined;

  get lossUnits(): bigint {
    const { dayProfitUnits } = this.equity;
    return dayProfitUnits < 0n ? -dayProfitUnits : 0n;
  }
}

/**
 * Watches the profit of each quote asset, open positions included, for a fall below its highest value and for the loss of the UTC day.
 *
 * A breach lasts until the loss is made good, the day is over, or `grant` says that trading goes on in knowledge of it: then the limit
 * is granted once more from where the loss stands.
 *
 * @example
 * const losses = new LossLimits({ maxDrawdown: 0n, maxDailyLoss: 500_00000000n });
 * const breach = losses.update(nowUs, new Map([["USDT", -500_00000001n]])); // MAX_DAILY_LOSS
 */
export class LossLimits {
  readonly #options: LossLimitsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: LossLimitsOptions) {
    this.#options = options;
  }

  /** False when there is no limit to watch. */
  get isNeeded(): boolean {
    return this.#options.maxDrawdown > 0n || this.#options.maxDailyLoss > 0n;
  }

  /** The limit of an asset that is passed at present; undefined when none is. */
  breachOf(quote: string): Breach | undefined {
    return this.#entries.get(quote)?.breach;
  }

  /**
   * How far the profit of an asset is below its highest value, and from where on the limit counts, both in the asset's smallest unit;
   * undefined before the first update.
   */
  drawdownOf(quote: string): { readonly units: bigint; readonly granted: bigint } | undefined {
    const entry = this.#entries.get(quote);
    return entry && { units: entry.equity.drawdownUnits, granted: entry.grantedDrawdown };
  }

  /** What was lost of an asset since its day opened, in its smallest unit; never negative. Undefined before the first update. */
  dayLossOf(quote: string): bigint | undefined {
    return this.#entries.get(quote)?.lossUnits;
  }

  /**
   * Between what profits of an asset, both included, an update within the present day changes nothing but the last value; undefined while
   * each one may. In the asset's smallest unit.
   */
  quietRange(quote: string): { readonly lowest: bigint; readonly highest: bigint } | undefined {
    const entry = this.#entries.get(quote);
    if (entry === undefined || entry.breach !== undefined) return undefined;
    if (entry.grantedDrawdown !== 0n || entry.grantedLoss !== 0n) return undefined;
    const { maxDrawdown, maxDailyLoss } = this.#options;
    const { equity } = entry;
    const floors = [equity.peakUnits - equity.maxDrawdownUnits];
    if (maxDrawdown > 0n) floors.push(equity.peakUnits - maxDrawdown);
    if (maxDailyLoss > 0n) floors.push(equity.equityUnits - equity.dayProfitUnits - maxDailyLoss);
    return { lowest: floors.reduce(greatest), highest: equity.peakUnits };
  }

  /**
   * Takes the profit by quote asset at a moment, in its smallest unit. Returns the first breach that was none before.
   *
   * @param nowUs Microseconds since the epoch.
   */
  update(nowUs: number, profit: ReadonlyMap<string, bigint>): Breach | undefined {
    let found: Breach | undefined;
    for (const [quote, units] of profit) {
      const entry = this.#entryOf(quote, nowUs);
      entry.equity.update(nowUs, units);
      entry.grantedDrawdown = least(entry.grantedDrawdown, entry.equity.drawdownUnits);
      entry.grantedLoss = least(entry.grantedLoss, entry.lossUnits);
      const was = entry.breach;
      entry.breach = this.#judge(quote, entry);
      if (was === undefined) found ??= entry.breach;
    }
    return found;
  }

  /** Trading goes on in knowledge of what was lost. */
  grant(): void {
    for (const entry of this.#entries.values()) {
      entry.grantedDrawdown = entry.equity.drawdownUnits;
      entry.grantedLoss = entry.lossUnits;
      entry.breach = undefined;
    }
  }

  record(): LossRecord {
    const entries = [...this.#entries].map(([quote, { equity, grantedDrawdown, grantedLoss }]) => [
      quote,
      {
        equity: equity.record(),
        grantedDrawdown: grantedDrawdown.toString(),
        grantedLoss: grantedLoss.toString(),
      },
    ]);
    return Object.fromEntries(entries) as LossRecord;
  }

  /** Takes over what was recorded, in place of all that was seen. */
  restore(record: LossRecord): void {
    this.#entries.clear();
    for (const [quote, { equity, grantedDrawdown, grantedLoss }] of Object.entries(record)) {
      const entry = new Entry();
      entry.equity.restore(equity);
      entry.grantedDrawdown = BigInt(grantedDrawdown);
      entry.grantedLoss = BigInt(grantedLoss);
      entry.breach = this.#judge(quote, entry);
      this.#entries.set(quote, entry);
    }
  }

  // A run begins at a profit of nothing, also of an asset whose first trade is a loss.
  #entryOf(quote: string, nowUs: number): Entry {
    let entry = this.#entries.get(quote);
    if (entry === undefined) {
      entry = new Entry();
      entry.equity.update(nowUs, 0n);
      this.#entries.set(quote, entry);
    }
    return entry;
  }

  #judge(quote: string, entry: Entry): Breach | undefined {
    const { maxDrawdown, maxDailyLoss } = this.#options;
    const { equity, lossUnits, grantedDrawdown, grantedLoss } = entry;
    if (maxDailyLoss > 0n && lossUnits - grantedLoss > maxDailyLoss) {
      const reason = `the day's loss of ${formatUnits(lossUnits)} ${quote} is above the limit of ${limit(maxDailyLoss, grantedLoss)}`;
      return { code: "MAX_DAILY_LOSS", quote, reason };
    }
    if (maxDrawdown > 0n && equity.drawdownUnits - grantedDrawdown > maxDrawdown) {
      const reason = `the drawdown of ${formatUnits(equity.drawdownUnits)} ${quote} is above the limit of ${limit(maxDrawdown, grantedDrawdown)}`;
      return { code: "MAX_DRAWDOWN", quote, reason };
    }
    return undefined;
  }
}

function limit(units: bigint, granted: bigint): string {
  return granted === 0n ? formatUnits(units) : `${formatUnits(units)} beyond ${formatUnits(granted)}`;
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
