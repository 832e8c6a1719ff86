/** A `TradeTally` as snapshots keep it; amounts in decimal digits of their bigint. */
export interface TradeTallyRecord {
  readonly wins: number;
  readonly losses: number;
  readonly even: number;
  readonly won: string;
  readonly lost: string;
}

/**
 * Counts trades and what they won and lost, in constant memory.
 *
 * A trade is what one fill closed of an open position: its profit is what that part gained, at average cost, less its share of the fees.
 * A position that is closed in three fills is three trades. Amounts are in the smallest unit of one asset.
 */
export class TradeTally {
  /** Trades with a profit. */
  wins = 0;
  /** Trades with a loss. */
  losses = 0;
  /** Trades with neither. */
  even = 0;
  /** Sum of the profits. */
  wonUnits = 0n;
  /** Sum of the losses; never negative. */
  lostUnits = 0n;

  get count(): number {
    return this.wins + this.losses + this.even;
  }

  /** Counts a trade. */
  add(profitUnits: bigint): void {
    if (profitUnits > 0n) {
      this.wins++;
      this.wonUnits += profitUnits;
    } else if (profitUnits < 0n) {
      this.losses++;
      this.lostUnits -= profitUnits;
    } else this.even++;
  }

  record(): TradeTallyRecord {
    const { wins, losses, even, wonUnits, lostUnits } = this;
    return { wins, losses, even, won: wonUnits.toString(), lost: lostUnits.toString() };
  }

  /** A tally from what `record` gave. */
  static from({ wins, losses, even, won, lost }: TradeTallyRecord): TradeTally {
    const tally = new TradeTally();
    return Object.assign(tally, { wins, losses, even, wonUnits: BigInt(won), lostUnits: BigInt(lost) });
  }
}
