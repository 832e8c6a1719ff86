import { expect, test } from "vitest";
import { backtestReport } from "../../src/backtest/backtest-report.ts";
import { BarColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { htmlChart } from "../../src/backtest/html-chart.ts";
import { htmlReport } from "../../src/backtest/html-report.ts";
import { escapeHtml, scriptJson } from "../../src/backtest/html-text.ts";
import { monteCarlo } from "../../src/backtest/monte-carlo.ts";
import type { BacktestOptions } from "../../src/backtest/options.ts";
import { figureRows } from "../../src/backtest/report-rows.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { backtestLines } from "../../src/cli/backtest-lines.ts";
import { checkConfig, defineStrategy } from "../../src/index.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

/** A report of a strategy that buys and sells in turns, with as many bars as are asked for. */
async function setUp(bars: number, name = "in-turns", limits: Partial<BacktestOptions["risk"]> = {}) {
  const builder = new BarColumnsBuilder(60_000_000);
  for (let i = 0; i < bars; i++) {
    const ticks = 10_000 + Math.round(500 * Math.sin(i / 30));
    builder.push(1_767_225_600_000_000 + i * 60_000_000, ticks, ticks + 20, ticks - 20, ticks + 5, 100_000);
  }
  const data = [{ instrument, columns: builder.finish() }];
  const plugin = defineStrategy({
    name,
    setup(ctx) {
      let isLong = false;
      ctx.on("bar", () => {
        ctx.submit({ instrument, side: isLong ? "sell" : "buy", type: "market", sizeLots: 100 });
        isLong = !isLong;
      });
    },
  });
  const result = await runBacktest({
    plugins: [{ plugin }],
    data,
    fees: { makerBps: 10, takerBps: 10 },
    balances: new Map([
      ["USDT", 10_000_00000000n],
      ["AAA", 100_00000000n],
    ]),
    risk: { ...checkConfig({}, "the test").risk, ...limits },
  });
  const loaded = {
    data,
    format: "candles",
    tier: "bars",
    files: ["<bars>.csv"],
    rows: bars,
    elapsedNs: 1e6,
    fromUs: result.fromUs,
    toUs: result.toUs,
    notes: ['a note with <b>"tags"</b>'],
  } as const;
  const report = backtestReport({
    result,
    loaded,
    settings: {
      fees: { makerBps: 10, takerBps: 10 },
      latency: { feed: "as recorded", order: "none" },
      fillModel: {},
      balances: { USDT: "10000" },
      seed: 1,
    },
    strategies: [{ name, version: "1.0.0" }],
    config: [{ use: "./</script><script>alert(1)</script>.ts", config: {} }],
    denials: [],
    monteCarlo: monteCarlo([5, -3, 4, -2], 100, 1),
  });
  return { report, html: htmlReport(report, { loaded, fills: result.fills }) };
}

test("the page asks for nothing outside, and says so", async () => {
  const { html } = await setUp(300);
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/\b(src|href|srcset|action)\s*=|url\(|@import|https?:|\bfetch\b|XMLHttpRequest|WebSocket/i);
});

test("text from outside stays text", async () => {
  const { html } = await setUp(50);
  expect(html).not.toContain("<b>");
  expect(html).not.toContain("alert(1)</script>");
  expect(html).toContain("a note with &lt;b&gt;&quot;tags&quot;&lt;/b&gt;");
  expect(html.match(/<script/g)).toHaveLength((html.match(/<\/script>/g) ?? []).length);
  expect(escapeHtml(`<a b="c" d='e'>&`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  const odd = { text: "</script><!--\u2028" };
  expect(scriptJson(odd)).not.toMatch(/<|\u2028/);
  expect(JSON.parse(scriptJson(odd))).toEqual(odd);
});

test("equity, drawdown, the price with its fills, the strategies and what is left out are on it", async () => {
  const { html, report } = await setUp(300);
  for (const id of ["equity", "drawdown", "price-0"]) expect(html).toContain(`id="${id}"`);
  for (const line of report.ignores) expect(html).toContain(escapeHtml(line));
  expect(html).toContain('class="buy" d="M');
  expect(html).toContain('class="sell" d="M');
  expect(html).toContain("prefers-color-scheme:dark");
  expect(html).toContain("Monte Carlo");
  const data = /id="price-0"[\s\S]*?<script type="application\/json">(.*?)<\/script>/.exec(html)?.[1];
  expect(JSON.parse(data!).marks).toHaveLength(report.fills.count);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test("its size does not grow with the data", async () => {
  const { html, report } = await setUp(6_000);
  expect(report.fills.count).toBeGreaterThan(4_000);
  expect(html.length).toBeLessThan(700_000);
});

test("labels of a scale are told apart, however small the change is", async () => {
  const { html } = await setUp(300);
  for (const chart of html.split('<figure class="chart"').slice(1)) {
    const labels = [...chart.matchAll(/<span class="y"[^>]*>(.*?)<\/span>/g)].map(([, text]) => text);
    expect(labels.length).toBeGreaterThan(2);
    expect(new Set(labels).size).toBe(labels.length);
  }
  const flat = htmlChart({
    id: "small",
    title: "small",
    line: { atUs: [0, 1e6], values: [161_823.95, 161_824.3] },
    format: (value, digits) => value.toFixed(digits),
  });
  expect(flat).toContain(">161824.1<");
  expect(flat).toContain("--wide:9");
});

test("a buy and a sell at one time and price are both seen", () => {
  const mark = { atUs: 5e5, value: 10, text: "" };
  const chart = htmlChart({
    id: "fills",
    title: "fills",
    line: { atUs: [0, 1e6], values: [9, 11] },
    format: String,
    marks: [
      { ...mark, kind: "buy" },
      { ...mark, kind: "sell" },
    ],
  });
  const places = ["buy", "sell"].map((kind) => new RegExp(`class="${kind}" d="M500 (\\d+)h0"`).exec(chart)?.[1]);
  expect(places).toEqual(["157", "143"]);
});

test("a halt is told above the charts, and marked on the equity", async () => {
  const { html, report } = await setUp(300, "halted", { maxDrawdown: "0.5" });
  expect(report.halts).toMatchObject([{ code: "MAX_DRAWDOWN", state: "halted", asset: "USDT" }]);
  expect(Number(report.halts[0]?.loss)).toBeGreaterThan(0.5);
  expect(html).toContain("Halted by risk");
  expect(html).toMatch(/<path class="halt" d="M[\d.]+ 0V300"\/>/);
  expect(backtestLines(report).join("\n")).toMatch(
    /risk {5}2026-01-01 \S+ UTC MAX_DRAWDOWN, trading halted: the drawdown of/,
  );
});

test("the document has what a session's has of the portfolio; its parts sum to the profit, and the strategies' fees to the headline's", async () => {
  const { report } = await setUp(300);
  const { realized, unrealized, realizedFifo, unrealizedFifo, profit, positions, balances } = report.portfolio;
  expect(balances).toEqual(report.balances);
  expect(positions).toEqual({ [instrument.id]: "0.1" });
  expect(profit["USDT"]).toBe(report.performance.profit);
  const gross = (own: typeof realized, open: typeof unrealized) => Number(own["USDT"]) + Number(open["USDT"]);
  expect(gross(realizedFifo, unrealizedFifo)).toBeCloseTo(gross(realized, unrealized), 8);
  // What was paid in base is gone at the last price, and counts as a fee at the fill's.
  const feesNow = report.fills.first.map(({ fee, feeAsset }) => Number(fee) * (feeAsset === "AAA" ? 100.5 : 1));
  expect(report.fills.count).toBe(feesNow.length);
  const lastFees = feesNow.reduce((sum, fee) => sum + fee, 0);
  expect(Math.abs(gross(realized, unrealized) - lastFees - Number(profit["USDT"]))).toBeLessThan(0.1);
  expect(report.byStrategy.map(({ fees }) => fees["USDT"])).toEqual([report.performance.fees]);
});

test("the table says the value at risk and what it is taken over, and nothing is shown as -0.00", async () => {
  const { report } = await setUp(300);
  const rows = Object.fromEntries(figureRows(report).map(([name = "", value = ""]) => [name, value]));
  expect(rows["Value at risk 95 %, 1 minute"]).toMatch(/^\d+\.\d\d USDT \(shortfall \d+\.\d\d\)$/);
  expect(rows["Returns taken over"]).toBe("1 minute: 300 of them");
  const tiny = { ...report, performance: { ...report.performance, profit: "-0.002", return: -0.00002 } };
  expect(figureRows(tiny).slice(0, 2)).toEqual([
    ["Profit after fees", "0.00 USDT"],
    ["Return", "0.00 %"],
  ]);
});
