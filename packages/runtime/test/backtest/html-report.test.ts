import { expect, test } from "vitest";
import { backtestReport } from "../../src/backtest/backtest-report.ts";
import { BarColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { htmlReport } from "../../src/backtest/html-report.ts";
import { escapeHtml, scriptJson } from "../../src/backtest/html-text.ts";
import { monteCarlo } from "../../src/backtest/monte-carlo.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { checkConfig, defineStrategy } from "../../src/index.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

/** A report of a strategy that buys and sells in turns, with as many bars as are asked for. */
async function setUp(bars: number, name = "in-turns") {
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
    risk: checkConfig({}, "the test").risk,
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
