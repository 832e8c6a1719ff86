// Rows of the forms that captures show, with made-up values.

export const PAIR = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
export const MINT = "So11111111111111111111111111111111111111112";
export const WALLET = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T";
export const SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW";

export function trendingColumns(): unknown[] {
  return [
    ...[PAIR, MINT, "Name", "TCK", "https://img", null, 6, "Pump AMM", '{"creator":"W"}', "2026-04-18T12:02:36.043Z"],
    ...[
      null,
      "https://x.com/a",
      null,
      null,
      null,
      null,
      true,
      WALLET,
      999_999_999.5,
      16.2,
      100,
      '{"migratedFrom":"P"}',
    ],
    ...[3600, 2100.5, 700, 2100, 1500, 112.1, 160_000_000, 7e-7, -0.3, -12, 240, 200, 0, 16, 0, 0.03, 4, 15, 700, 200],
    ...["[[1776510000000,226],[1776510060000,230.5]]", 210, SIGNATURE, "414000000", 85, 206_900_000],
    ...["2026-04-18T12:00:00.000Z", "ACC1", "ACC2", "2026-04-18T12:02:36.043Z"],
  ];
}

export function holderColumns(): unknown[] {
  return [
    ...[WALLET, 0, 9.5, 0, 1, 0, 1, 1, 1, 1.0, 1.2, 30_000_000, 30_000_001, 84, 100.8, 1_770_000_000_000],
    ...[MINT, SIGNATURE, 1.5, "2026-01-20T18:00:00.000Z"],
  ];
}

export function topTraderColumns(): unknown[] {
  return [
    ...[WALLET, 5, 6, 30_000_000, 30_000_001, 1.0, 1.2, 84, 100.8, 0, 0, 1, 0, 1, 9.5, 1_770_000_000_000],
    ...[MINT, SIGNATURE, 1.5, "2026-01-20T18:00:00.000Z"],
  ];
}

export function trackedColumns(): unknown[] {
  return [
    ...["2026-04-18T12:00:00.000Z", WALLET, SIGNATURE, 3e-7, 2.5e-5, 10_000_000, 3, 250, 0.04, "sell", "Sell Partial"],
    ...[PAIR, "2026-04-17T12:00:00.000Z", 60, 296, 1.5, MINT, "Name", "TCK", null, 6, 1_000_000_000, "Pump V1", 0, 94],
  ];
}

export function eucalyptusColumns(): unknown[] {
  return [
    ...[1_776_513_600_000, WALLET, SIGNATURE, 4, PAIR, MINT, "1776513600000:7", 3e-7, 2.5e-5, 10_000_000, 3, 250],
    ...[
      0.04,
      "sell",
      1_776_427_200_000,
      60,
      296,
      1.5,
      "Name",
      "TCK",
      null,
      6,
      1_000_000_000,
      "Pump V1",
      true,
      94,
      0,
      1,
    ],
  ];
}

export function roomTradeColumns(): unknown[] {
  return [
    ...[SIGNATURE, WALLET, 1_770_000_000_000, 0, 4e-8, 3.4e-6, 0.5, 42.5, 12_500_000, 31.2, 1_060_000_000],
    ...[0, 3, 0.0001, 0, 0, 0],
  ];
}

export function feedColumns(): unknown[] {
  return [
    ...[SIGNATURE, PAIR, "buy", "2026-04-18T12:00:00.000Z", 31, 1_040_000_000, WALLET, 3e-8, 2.5e-6, 40_000_000],
    ...[1.2, 100, 0, 3, 0.0001],
  ];
}

export function pulseColumns(pairAddress = PAIR): unknown[] {
  return [
    ...[pairAddress, MINT, WALLET, "Name", "TCK", null, 6, "Pump V1", { creator: WALLET }, null, null, null, null],
    ...[18, 2.5, 0, 1, 3, 120.5, 700, 1.25, 31.2, 1_060_000_000, 40, 25, 15, 62.5, 1_000_000_000, 90, 12],
    ...["2026-04-18T12:00:00.000Z", null, 414_000_000, 0, "2026-04-18T12:00:00.000Z", false, [], false, false],
    ...[{ amountSol: 1 }, 2, 3, null, 1, null, 5, "handle", 1000, 20],
  ];
}

export function lastTransaction(): Record<string, unknown> {
  return {
    ...{ signature: SIGNATURE, pairAddress: PAIR, type: "sell", createdAt: "2026-04-18T12:00:00.000Z" },
    ...{ liquiditySol: 31, liquidityToken: 1_040_000_000, makerAddress: WALLET, priceSol: 3e-8, priceUsd: 2.5e-6 },
    ...{ tokenAmount: 40_000_000, totalSol: 1.2, totalUsd: 100, innerIndex: 0, outerIndex: 3, f: 0.0001 },
  };
}
