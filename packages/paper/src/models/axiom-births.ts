import type { Random } from "@pitlane/perf";
import { ALPHABET } from "./axiom-base58.ts";
import type { Reserves } from "./axiom-swap.ts";
import { LAMPORTS_PER_SOL, type PairFacts, RAW_PER_TOKEN, SUPPLY_RAW, type Token, type Trader } from "./axiom-token.ts";

const FIRST =
  "Amber Brisk Copper Dapper Eager Fuzzy Golden Humble Icy Jolly Keen Lucky Mellow Nimble Odd Proud Quiet Rusty".split(
    " ",
  );
const SECOND =
  "Otter Badger Comet Donkey Ember Falcon Gecko Heron Ibis Jackal Kettle Lemur Magpie Newt Orbit Pickle Quokka Raven".split(
    " ",
  );

interface Launch {
  readonly protocol: string;
  /** How often, beside the others. */
  readonly weight: number;
  /** Where a full bonding curve goes on; undefined where pools begin at once. */
  readonly migratesTo?: string;
}

// Names as the venue gives them (protocol column). Bonding curves first.
const LAUNCHES: readonly Launch[] = [
  { protocol: "Pump V1", weight: 10, migratesTo: "Pump AMM" },
  { protocol: "Bonk", weight: 4, migratesTo: "Raydium CPMM" },
  { protocol: "Moonshot", weight: 2, migratesTo: "Meteora AMM V2" },
  { protocol: "Raydium V4", weight: 1 },
  { protocol: "Raydium CLMM", weight: 1 },
  { protocol: "Meteora DLMM", weight: 1 },
];

const CURVE: Reserves = { lamports: 30 * LAMPORTS_PER_SOL, raw: 1_073_000_000 * RAW_PER_TOKEN };
const CURVE_VIRTUAL_RAW = CURVE.raw - SUPPLY_RAW;
const POOL: Reserves = { lamports: 85 * LAMPORTS_PER_SOL, raw: 206_900_000 * RAW_PER_TOKEN };

/** Raw units left on a bonding curve that is full: what its pool starts with, and what was never there. */
export const CURVE_END_RAW = POOL.raw + CURVE_VIRTUAL_RAW;

/** How far a pair is along its bonding curve, 0 to 100; 0 of a pool. */
export function bondingPercent({ isCurve, pool }: Pick<Token, "isCurve" | "pool">): number {
  return isCurve ? ((CURVE.raw - pool.raw) / (CURVE.raw - CURVE_END_RAW)) * 100 : 0;
}

/** Address of 32 bytes. The market's own: nobody has a key for it. */
export function drawAddress(random: Random): string {
  return drawText(random, 43, 4); // 4 * 58^42 to 58^43 is within 2^248 to 2^256: 32 bytes
}

/** Signature of 64 bytes, of nothing. */
export function drawSignature(random: Random): string {
  return drawText(random, 87, 2); // 2 * 58^86 to 58^87 is within 2^504 to 2^512: 64 bytes
}

/** A trader of the market, funded some time in the days before `nowMs`. */
export function drawTrader(random: Random, index: number, nowMs: number): Trader {
  return {
    index,
    address: drawAddress(random),
    lamports: Math.round(random.exponential(8) * LAMPORTS_PER_SOL),
    isInsider: random.next() < 0.04,
    isBundler: random.next() < 0.06,
    isSniper: random.next() < 0.08,
    isProUser: random.next() < 0.3,
    funding: {
      walletAddress: drawAddress(random),
      signature: drawSignature(random),
      lamports: Math.round((0.1 + random.exponential(2)) * LAMPORTS_PER_SOL),
      atMs: nowMs - Math.round(random.exponential(20) * 86_400_000),
    },
  };
}

/** A token nobody has traded yet. @param slot The chain's at `createdAtMs`. */
export function drawPair(random: Random, serial: number, dev: Trader, createdAtMs: number, slot: number): PairFacts {
  const launch = drawLaunch(random);
  const isCurve = launch.migratesTo !== undefined;
  const first = FIRST[random.integer(0, FIRST.length - 1)]!;
  const second = SECOND[random.integer(0, SECOND.length - 1)]!;
  const mint = drawAddress(random);
  const ticker = `${first.slice(0, 2)}${second.slice(0, 3)}`.toUpperCase() + (serial % 10);
  const handle = `${first}${second}${serial}`.toLowerCase();
  const pairSolAccount = drawAddress(random);
  const pairTokenAccount = drawAddress(random);
  const { protocol } = launch;
  return {
    serial,
    pairAddress: drawAddress(random),
    tokenAddress: protocol === "Pump V1" ? `${mint.slice(0, -4)}pump` : mint,
    tokenName: `${first} ${second}`,
    tokenTicker: ticker,
    protocol,
    protocolDetails: detailsOf(protocol, dev, pairTokenAccount, pairSolAccount),
    dev,
    signature: drawSignature(random),
    slot,
    createdAtMs,
    openTradingMs: createdAtMs,
    pairSolAccount,
    pairTokenAccount,
    initial: isCurve ? CURVE : { lamports: POOL.lamports, raw: 800_000_000 * RAW_PER_TOKEN },
    virtualRaw: isCurve ? CURVE_VIRTUAL_RAW : 0,
    website: random.next() < 0.4 ? `https://${handle}.example` : null,
    twitter: random.next() < 0.6 ? `https://social.example/${handle}` : null,
    telegram: random.next() < 0.2 ? `https://chat.example/${handle}` : null,
    lpBurnedPercent: isCurve ? 0 : 100,
    migratedFrom: null,
    twitterFollowers: random.next() < 0.5 ? Math.floor(random.exponential(3000)) : null,
    weight: 0.2 + random.exponential(1),
    buyChance: 0.5 + random.next() * 0.2,
  };
}

/** The pool that a full bonding curve goes on in. */
export function migrate(random: Random, from: Token, serial: number, nowMs: number, slot: number): PairFacts {
  const { facts, poolRaw } = from;
  const launch = LAUNCHES.find(({ protocol }) => protocol === facts.protocol);
  const protocol = launch?.migratesTo ?? facts.protocol;
  const pairSolAccount = drawAddress(random);
  const pairTokenAccount = drawAddress(random);
  return {
    ...facts,
    serial,
    pairAddress: drawAddress(random),
    protocol,
    protocolDetails: detailsOf(protocol, facts.dev, pairTokenAccount, pairSolAccount),
    signature: drawSignature(random),
    slot,
    createdAtMs: nowMs,
    pairSolAccount,
    pairTokenAccount,
    initial: { lamports: from.pool.lamports - CURVE.lamports, raw: poolRaw },
    virtualRaw: 0,
    lpBurnedPercent: 100,
    migratedFrom: facts.pairAddress,
    buyChance: 0.5,
  };
}

function drawLaunch(random: Random): Launch {
  let point = random.next() * LAUNCHES.reduce((sum, { weight }) => sum + weight, 0);
  for (const launch of LAUNCHES) {
    point -= launch.weight;
    if (point < 0) return launch;
  }
  return LAUNCHES[0]!;
}

function detailsOf(protocol: string, dev: Trader, tokenAccount: string, solAccount: string): Record<string, unknown> {
  const creator = dev.address;
  if (protocol === "Pump V1") {
    return { associatedBondingCurve: tokenAccount, creator, isMayhem: false, isOffchain: false, tokenProgram: 1 };
  }
  if (protocol !== "Pump AMM") return { creator };
  return {
    creator,
    cashback: false,
    isMayhem: false,
    isOffchain: false,
    feeShare: null,
    isTokenSideX: false,
    pairSolAccount: solAccount,
    pairTokenAccount: tokenAccount,
    tokenProgram: "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
  };
}

// Digits are drawn as they are written, into bytes: a trade needs a signature, and dividing 64 bytes by 58, or a string that grows by
// letters, took longer than the trade.
function drawText(random: Random, length: number, leastFirst: number): string {
  const text = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) text[i] = ALPHABET.charCodeAt(random.integer(i === 0 ? leastFirst : 0, 57));
  return text.toString("latin1");
}
