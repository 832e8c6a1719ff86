import { shortProfit, shortUs } from "../cli/status-line.ts";
import { roundDecimal } from "../engines/portfolio-amounts.ts";
import type {
  BacktestReport,
  ReportedMonteCarlo,
  ReportedPercentiles,
  ReportedWalkForward,
} from "./backtest-report.ts";
import type { ParamSet } from "./sweep-grid.ts";

/** Rows of a table: the first is its head, or all are pairs of a name and a value. */
export type Rows = readonly (readonly string[])[];

/** The figures a person looks at first: pairs of a name and a value. Pure. */
export function figureRows({ performance, portfolio, orders, fills }: BacktestReport): Rows {
  const { asset, sharpe, sortino, maxDrawdown, maxDrawdownShare, hitRate, profitFactor, exposure, turnover } =
    performance;
  const period = periodText(performance.periodMs);
  return [
    ["Profit after fees", money(performance.profit, asset)],
    ["Return", percent(performance.return)],
    [
      "Largest drawdown",
      `${money(`-${maxDrawdown}`, asset)}${maxDrawdownShare === null ? "" : ` (${percent(maxDrawdownShare)})`}`,
    ],
    ...performance.valueAtRisk.map(({ confidence, amount, expectedShortfall }): readonly string[] => [
      `Value at risk ${Math.round(confidence * 100)} %, ${period}`,
      `${plainMoney({ [asset]: amount })} (shortfall ${roundDecimal(expectedShortfall, 2)})`,
    ]),
    ["Sharpe, a year's", figure(sharpe)],
    ["Sortino, a year's", figure(sortino)],
    ["Returns taken over", `${period}: ${performance.periods} of them`],
    ["Realised, before fees", shortProfit(portfolio.realized)],
    ["Unrealised", shortProfit(portfolio.unrealized)],
    ["Fees", plainMoney({ [asset]: performance.fees })],
    ["Orders", String(orders.submitted)],
    ["Denied by risk", String(orders.denied)],
    ["Fills", String(fills.count)],
    ["Hit rate", `${percent(hitRate)} of ${performance.trades}`],
    ["Profit factor", figure(profitFactor)],
    ["Turnover", figure(turnover)],
    ["In the market", percent(exposure)],
  ];
}

/** What the limits on losses did to trading, a row each; the head alone where nothing was passed. */
export function haltRows({ halts }: BacktestReport): Rows {
  const states = { active: "active", reduceOnly: "reduce-only", halted: "halted" } as const;
  return [
    ["time", "code", "trading", "loss", "why"],
    ...halts.map(({ atUs, code, state, asset, loss, reason }) => [
      time(atUs),
      code,
      states[state],
      plainMoney({ [asset]: loss }),
      reason,
    ]),
  ];
}

/** What returns are taken over, as people say it. */
function periodText(ms: number): string {
  const units = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
  ] as const;
  const [length, name] = units.find(([unit]) => ms >= unit) ?? [1, "ms"];
  const count = Math.round((ms / length) * 10) / 10;
  return `${count} ${name}${count === 1 || name === "ms" ? "" : "s"}`;
}

export function strategyRows({ byStrategy }: BacktestReport): Rows {
  const head = ["strategy", "fills", "maker", "closed trades", "won", "closed profit", "fees", "volume"];
  return [
    head,
    ...byStrategy.map(({ strategy, fills, makerShare, trades, wins, profit, fees, volume }) => [
      strategy,
      String(fills),
      percent(makerShare),
      String(trades),
      trades === 0 ? "-" : percent(wins / trades),
      shortProfit(profit),
      plainMoney(fees),
      plainMoney(volume),
    ]),
  ];
}

export function latencyRows({ latency }: BacktestReport): Rows {
  const head = ["simulated", "count", "mean", "p50", "p99", "p99.9", "max"];
  const names = {
    feed: "market to strategy",
    request: "order to venue",
    fill: "order wanted to fill heard of",
  } as const;
  return [
    head,
    ...(["feed", "request", "fill"] as const).map((way) => {
      const { count, mean, p50, p99, p999, max } = latency[way];
      return [names[way], String(count), ...[mean, p50, p99, p999, max].map(shortUs)];
    }),
  ];
}

export function settingRows({ settings, data, elapsedMs, eventsPerSecond, orders }: BacktestReport): Rows {
  const { fees, latency, fillModel, balances, seed } = settings;
  return [
    ["setting", "value"],
    [
      "data",
      `${data.format}, ${data.files.length} ${data.files.length === 1 ? "file" : "files"}: ${data.files.map(fileName).slice(0, 4).join(", ")}${data.files.length > 4 ? ", ..." : ""}`,
    ],
    ["reading", `${data.rows} rows in ${(data.readMs / 1000).toFixed(2)} s`],
    ["run", `${(elapsedMs / 1000).toFixed(3)} s, ${eventsPerSecond} events a second`],
    ["fees", `maker ${fees.makerBps} bps, taker ${fees.takerBps} bps`],
    ["latency", `feed ${latency.feed}, order ${latency.order}`],
    ["fills", Object.keys(fillModel).length === 0 ? "by the defaults of the tier" : JSON.stringify(fillModel)],
    [
      "balances",
      Object.entries(balances)
        .map(([asset, amount]) => `${amount} ${asset}`)
        .join(", "),
    ],
    ["seed", String(seed)],
    [
      "orders",
      Object.entries(orders)
        .map(([name, count]) => `${count} ${name}`)
        .join(", "),
    ],
  ];
}

/** Best trials first. @param most How many of them. */
export function sweepRows({ best }: NonNullable<BacktestReport["sweep"]>, most: number): Rows {
  const names = Object.keys(best[0]?.params ?? {});
  const head = [
    ...(names.length === 0 ? ["parameters"] : names),
    "profit",
    "drawdown",
    "sharpe",
    "sortino",
    "profit factor",
    "trades",
    "fills",
    "denied",
    "faults",
  ];
  return [
    head,
    ...best
      .slice(0, most)
      .map(({ params, fills, denied, faults, performance }) => [
        ...(names.length === 0 ? ["as configured"] : names.map((name) => String(params[name]))),
        shortProfit({ [performance.asset]: performance.profit }),
        plainMoney({ [performance.asset]: performance.maxDrawdown }),
        figure(performance.sharpe),
        figure(performance.sortino),
        figure(performance.profitFactor),
        String(performance.trades),
        String(fills),
        String(denied),
        String(faults),
      ]),
  ];
}

/** How far the best of a sweep is to be believed, in a sentence. */
export function sweepNote(sweep: NonNullable<BacktestReport["sweep"]>): string {
  const { trials, failed, objective, deflation, isAllTheSame } = sweep;
  const tried = `${trials} combinations were tried${failed === 0 ? "" : `, ${failed} of them failed`}, sorted by ${objective}.`;
  if (isAllTheSame)
    return `${tried} All that ran gave the same result: the parameters make no difference on these data, and none of them is better.`;
  if (deflation === null || deflation === undefined)
    return `${tried} The best of many looks better than it is: try it on data that it was not chosen on.`;
  const { probability } = deflation;
  const verdict =
    probability >= 0.95
      ? "more than luck would make of so many trials"
      : "not told from luck: the best of as many worthless strategies may look as good";
  return `${tried} Probability that the best one's Sharpe ratio is more than the luck of ${deflation.trials} trials: ${percent(probability)} (deflated Sharpe ratio), ${verdict}.`;
}

/** Combinations that failed, with what made them fail. @param most How many of them. */
export function failureLines(
  { failures, failed }: NonNullable<BacktestReport["sweep"]>,
  most: number,
): readonly string[] {
  const lines = failures.slice(0, most).map(({ params, reason }) => `${paramText(params)}: ${reason}`);
  return failed > lines.length ? [...lines, `... and ${failed - lines.length} more`] : lines;
}

/** Why the figures are not to be had: strategies that were taken out, and tests of a walk-forward where one was. */
export function takenOutLines({ quarantined, walkForward }: BacktestReport): readonly string[] {
  return [
    ...Object.entries(quarantined).map(([name, reason]) => `strategy ${name} was quarantined: ${reason}`),
    ...(walkForward?.windows ?? []).flatMap(({ testFromUs, test }) =>
      test.error === undefined ? [] : [`test from ${time(testFromUs)}: ${test.error}`],
    ),
  ];
}

export function walkForwardRows({ windows, joined, efficiency }: ReportedWalkForward): Rows {
  const head = ["test from", "to", "parameters", "train profit", "test profit", "train sharpe", "test sharpe", "fills"];
  const rows = windows.map(({ testFromUs, testToUs, set, train, test }) => [
    time(testFromUs),
    time(testToUs),
    paramText(set),
    decimal(train.performance?.profit),
    decimal(test.performance?.profit),
    figure(train.performance?.sharpe ?? null),
    figure(test.performance?.sharpe ?? null),
    String(test.fills ?? 0),
  ]);
  const total = [
    "all tests",
    "",
    efficiency === null ? "" : `efficiency ${figure(efficiency)}`,
    "",
    decimal(joined.profit),
    "",
    figure(joined.sharpe),
    String(joined.fills),
  ];
  return [head, ...rows, total];
}

export function monteCarloRows(
  { shuffledDrawdown, drawnProfit, drawnDrawdown }: ReportedMonteCarlo,
  asset: string,
): Rows {
  const head = ["share of runs at most", "1 %", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %"];
  const row = (name: string, { p1, p5, p25, p50, p75, p95, p99 }: ReportedPercentiles) => [
    `${name}, ${asset}`,
    ...[p1, p5, p25, p50, p75, p95, p99].map(decimal),
  ];
  return [
    head,
    row("drawdown, other order", shuffledDrawdown),
    row("profit, drawn anew", drawnProfit),
    row("drawdown, drawn anew", drawnDrawdown),
  ];
}

export function paramText(set: ParamSet): string {
  const parts = Object.entries(set).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? "as configured" : parts.join(" ");
}

function money(amount: string, asset: string): string {
  return shortProfit({ [asset]: amount });
}

/** Amounts without a sign. */
function plainMoney(amounts: Readonly<Record<string, string>>): string {
  return shortProfit(amounts).replaceAll("+", "");
}

function decimal(text: string | undefined): string {
  if (text === undefined) return "-";
  return roundDecimal(text, 2);
}

function figure(value: number | null): string {
  return value === null ? "-" : twoDigits(value);
}

function percent(share: number | null): string {
  return share === null ? "-" : `${twoDigits(share * 100)} %`;
}

/** As `toFixed`, without a sign where nothing is left. */
function twoDigits(value: number): string {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function time(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 19).replace("T", " ");
}
