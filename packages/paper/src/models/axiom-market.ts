import { type Clock, inRange, integerInRange, type Random } from "@pitlane/perf";
import { History } from "../engine/history.ts";
import { ActivityLog } from "./axiom-activity.ts";
import { Arrivals } from "./axiom-arrivals.ts";
import { CURVE_END_RAW, drawAddress, drawPair, drawTrader, migrate } from "./axiom-births.ts";
import { type PairFacts, SUPPLY_RAW, Token, type TokenTrade, type Trader } from "./axiom-token.ts";
import { deposit, type Moment, trade } from "./axiom-trading.ts";

/** How lively the market is. */
export interface TokenMarketOptions {
  /** Pairs that exist at a time, 4 to 500. Default 40. */
  readonly pairs?: number;
  /** Trades a second on average over all pairs, 0.1 to 500. Default 10. */
  readonly tradesPerSecond?: number;
  /** New pairs a minute on average, 0 to 600. Each takes the place of the pair that is traded least. Default 4. */
  readonly pairsPerMinute?: number;
  /** Trading that is already over at the start, in seconds; 0 to 86,400. Default 300. */
  readonly historyS?: number;
}

/** Told of what happens, as it happens. Times are milliseconds since the epoch. */
export interface MarketWatcher {
  onTrade(trade: TokenTrade): void;
  /** A pair that is new, or a curve's that moved to a pool. */
  onPair(token: Token): void;
  /** A pair that is traded no more. */
  onRetired(token: Token): void;
  /** Once a second: prices of coins, fees, block hash and viewers have moved. */
  onBeat(nowMs: number): void;
}

/** USD prices of the coins. */
export interface Coins {
  readonly SOL: number;
  readonly BTC: number;
  readonly ETH: number;
  readonly BNB: number;
}

const TRADERS = 256;
const TAPE_KEPT = 2000;
const BEAT_US = 1_000_000;
const SLOT_MS = 400;
const FIRST_SLOT = 400_000_000;
const FIRST_COINS: Coins = { SOL: 84.5, BTC: 69_000, ETH: 2000, BNB: 620 };
const MOST_BEHIND_US = 3_600_000_000;

/**
 * A seeded market of meme tokens: pairs appear, are traded in bursts on constant-product pools, fill their bonding curves, move to
 * pools of other protocols, and are forgotten.
 *
 * Every event has a time of its own, so that the same seed and start give the same tape whatever the rhythm of `advance`; nobody
 * outside trades in it. After a stall of more than an hour the time beyond that hour never happened. Memory is bounded: the pairs
 * that exist, 256 traders, and the newest 2,000 to 4,000 trades of all.
 */
export class TokenMarket {
  readonly traders: readonly Trader[];
  /** Trades and deposits of all pairs, oldest first. */
  readonly tape = new History<TokenTrade>(TAPE_KEPT);
  readonly activity = new ActivityLog(TRADERS);
  readonly #random: Random;
  readonly #births: Random;
  readonly #beats: Random;
  readonly #trades: Random;
  readonly #arrivals: Arrivals<Token>;
  readonly #byPair = new Map<string, Token>(); // oldest first
  readonly #byMint = new Map<string, Token>();
  readonly #mostPairs: number;
  readonly #birthMeanS: number;
  readonly #startMs: number;
  #watcher: MarketWatcher | undefined;
  #serial = 0;
  #nowUs: number;
  #nextBeatUs: number;
  #nextBirthUs: number;
  #nextTradeUs = 0; // when a trade may happen; 0: to be drawn
  #coins = FIRST_COINS;
  #priorityFeeSol = 0.0042;
  #bribeFeeSol = 0.0028;
  #blockHash: string;

  /** @throws {InvalidInputError} When an option is out of its range. */
  constructor(options: TokenMarketOptions, random: Random, clock: Pick<Clock, "nowUs">) {
    const { pairs = 40, tradesPerSecond = 10, pairsPerMinute = 4, historyS = 300 } = options;
    this.#mostPairs = integerInRange("axiom.market.pairs", pairs, 4, 500);
    const perSecond = inRange("axiom.market.tradesPerSecond", tradesPerSecond, 0.1, 500);
    inRange("axiom.market.pairsPerMinute", pairsPerMinute, 0, 600);
    this.#birthMeanS = pairsPerMinute === 0 ? Number.POSITIVE_INFINITY : 60 / pairsPerMinute;
    const startUs = clock.nowUs();
    this.#nowUs = startUs - integerInRange("axiom.market.historyS", historyS, 0, 86_400) * 1_000_000;
    this.#startMs = Math.floor(this.#nowUs / 1000);
    this.#random = random;
    this.#births = random.fork("births");
    this.#beats = random.fork("beats");
    this.#trades = random.fork("trades");
    this.#arrivals = new Arrivals({ random: random.fork("arrivals"), perSecond, startS: this.#nowUs / 1e6 });
    this.#blockHash = drawAddress(this.#beats);
    this.#nextBeatUs = this.#nowUs + BEAT_US;
    this.#nextBirthUs = this.#nowUs + this.#birthGapUs();
    this.traders = Array.from({ length: TRADERS }, (_, i) => drawTrader(this.#births, i, this.#startMs));
    for (let i = 0; i < pairs; i++) {
      const token = this.#born(Math.round(this.#births.exponential(1_800_000)));
      this.#add(token);
      if (token.isCurve && i % 5 === 0) this.#fill(token); // so that there are migrated pairs from the start
    }
    this.#run(startUs);
  }

  /** Who is told of what happens from now on. */
  watch(watcher: MarketWatcher): void {
    this.#watcher = watcher;
  }

  /** The pairs that exist, oldest first. */
  get tokens(): Iterable<Token> {
    return this.#byPair.values();
  }

  get coins(): Coins {
    return this.#coins;
  }

  get priorityFeeSol(): number {
    return this.#priorityFeeSol;
  }

  get bribeFeeSol(): number {
    return this.#bribeFeeSol;
  }

  get blockHash(): string {
    return this.#blockHash;
  }

  /** Time of the last event, milliseconds since the epoch. */
  get nowMs(): number {
    return Math.floor(this.#nowUs / 1000);
  }

  /** Number of the chain's slot. */
  get slot(): number {
    return FIRST_SLOT + Math.floor((this.nowMs - this.#startMs) / SLOT_MS);
  }

  /** The pair at `address`, of the pair or of its token. */
  find(address: string): Token | undefined {
    return this.#byPair.get(address) ?? this.#byMint.get(address);
  }

  /** Lets everything happen that is due by `toUs`, in order of time. */
  advance(toUs: number): void {
    if (toUs - this.#nowUs > MOST_BEHIND_US) this.#skipTo(toUs - MOST_BEHIND_US);
    this.#run(toUs);
  }

  #run(toUs: number): void {
    for (;;) {
      if (this.#nextTradeUs === 0) this.#nextTradeUs = this.#nowUs + Math.ceil(this.#arrivals.nextGapS() * 1e6);
      const dueUs = Math.min(this.#nextTradeUs, this.#nextBirthUs, this.#nextBeatUs);
      if (dueUs > toUs) return;
      this.#nowUs = dueUs;
      if (dueUs === this.#nextTradeUs) {
        this.#nextTradeUs = 0;
        const token = this.#arrivals.arrive(dueUs / 1e6);
        if (token !== undefined) this.#trade(token);
      } else if (dueUs === this.#nextBirthUs) {
        this.#nextBirthUs += this.#birthGapUs();
        this.#pass(dueUs);
        this.#add(this.#born(0));
      } else {
        this.#nextBeatUs += BEAT_US;
        this.#pass(dueUs);
        this.#beat();
      }
    }
  }

  // The next trade was drawn before what happens now, which may change how likely it is: it is drawn again, as the process has no memory.
  #pass(nowUs: number): void {
    this.#arrivals.passTo(nowUs / 1e6);
    this.#nextTradeUs = 0;
  }

  #skipTo(nowUs: number): void {
    this.#pass(nowUs);
    this.#nowUs = nowUs;
    this.#nextBeatUs = nowUs + BEAT_US;
    this.#nextBirthUs = nowUs + this.#birthGapUs();
  }

  #birthGapUs(): number {
    return this.#birthMeanS === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : Math.ceil(this.#births.exponential(this.#birthMeanS) * 1e6);
  }

  get #moment(): Moment {
    return { nowMs: this.nowMs, slot: this.slot, solUsd: this.#coins.SOL };
  }

  #born(ageMs: number): Token {
    const serial = this.#serial++;
    const random = this.#random.fork(`pair ${serial}`);
    const dev = this.traders[random.integer(0, this.traders.length - 1)]!;
    const facts = drawPair(random, serial, dev, this.nowMs - ageMs, this.slot - Math.floor(ageMs / SLOT_MS));
    return new Token(facts, new Map(), random.integer(1, 60));
  }

  #add(token: Token): void {
    if (this.#byPair.size >= this.#mostPairs) this.#retire(this.#leastTraded());
    this.#list(token);
    if (token.isCurve) return;
    this.#note(deposit(this.#births, token, this.#moment, SUPPLY_RAW - token.facts.initial.raw));
  }

  #list(token: Token): void {
    const { pairAddress, tokenAddress, protocol, migratedFrom } = token.facts;
    this.#byPair.set(pairAddress, token);
    this.#byMint.set(tokenAddress, token);
    this.#arrivals.add(token, token.facts.weight);
    this.activity.addPair(protocol, migratedFrom !== null, this.nowMs);
    this.#watcher?.onPair(token);
  }

  #retire(token: Token): void {
    const { pairAddress, tokenAddress } = token.facts;
    this.#byPair.delete(pairAddress);
    if (this.#byMint.get(tokenAddress) === token) this.#byMint.delete(tokenAddress);
    this.#arrivals.remove(token);
    this.#watcher?.onRetired(token);
  }

  #leastTraded(): Token {
    let least: Token | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const token of this.#byPair.values()) {
      const intensity = this.#arrivals.intensityOf(token);
      if (intensity >= lowest) continue;
      lowest = intensity;
      least = token;
    }
    return least!; // there are at least 4
  }

  #trade(token: Token): void {
    const made = trade(this.#trades, token, this.traders, this.#moment);
    if (made === undefined) return;
    this.#note(made);
    if (token.isCurve && token.pool.raw <= CURVE_END_RAW) this.#migrate(token);
  }

  #fill(token: Token): void {
    while (token.pool.raw > CURVE_END_RAW) trade(this.#births, token, this.traders, this.#moment);
    this.#migrate(token);
  }

  #migrate(token: Token): void {
    const facts: PairFacts = migrate(
      this.#random.fork(`pair ${this.#serial}`),
      token,
      this.#serial++,
      this.nowMs,
      this.slot,
    );
    const pool = new Token(facts, token.holdings, token.viewers);
    pool.dexPaidMs = token.dexPaidMs;
    this.#retire(token);
    this.#list(pool);
  }

  #note(made: TokenTrade): void {
    this.tape.push(made);
    this.activity.addTrade(made);
    this.#watcher?.onTrade(made);
  }

  #beat(): void {
    const random = this.#beats;
    const drift = (price: number, first: number) =>
      price * Math.exp(random.normal() * 0.0003) + (first - price) * 0.0002;
    const { SOL, BTC, ETH, BNB } = this.#coins;
    this.#coins = {
      SOL: drift(SOL, FIRST_COINS.SOL),
      BTC: drift(BTC, FIRST_COINS.BTC),
      ETH: drift(ETH, FIRST_COINS.ETH),
      BNB: drift(BNB, FIRST_COINS.BNB),
    };
    this.#priorityFeeSol = Math.max(0.0001, drift(this.#priorityFeeSol, 0.0042) + random.normal() * 0.0001);
    this.#bribeFeeSol = Math.max(0.0001, drift(this.#bribeFeeSol, 0.0028) + random.normal() * 0.0001);
    this.#blockHash = drawAddress(random);
    for (const token of this.#byPair.values()) {
      token.viewers = Math.max(1, token.viewers + random.integer(-2, 2));
      if (token.dexPaidMs !== 0 || random.next() > 0.0005) continue;
      token.dexPaidMs = this.nowMs;
      token.version++;
    }
    this.#watcher?.onBeat(this.nowMs);
  }
}
