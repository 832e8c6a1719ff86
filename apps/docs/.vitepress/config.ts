import { existsSync, readFileSync } from "node:fs";
import { type DefaultTheme, defineConfig } from "vitepress";

// Where the site will be served from, with a slash at both ends: /pitlane/ for https://example.org/pitlane/.
const base = process.env["DOCS_BASE"] ?? "/";

const guides: DefaultTheme.SidebarItem[] = [
  { text: "Quick start", link: "/guide/quick-start" },
  { text: "Write a strategy", link: "/guide/write-a-strategy" },
  { text: "Strategies to copy", link: "/guide/strategies" },
  { text: "The report", link: "/guide/the-report" },
  { text: "Recordings", link: "/guide/recordings" },
  { text: "The paper exchange", link: "/guide/the-paper-exchange" },
  { text: "Architecture", link: "/guide/architecture" },
];

const runtime: DefaultTheme.SidebarItem[] = [
  { text: "Write a plugin", link: "/guide/runtime/write-a-plugin" },
  { text: "Bus and hooks", link: "/guide/runtime/bus-and-hooks" },
  { text: "Configuration", link: "/guide/runtime/configuration" },
  { text: "The journal", link: "/guide/runtime/journal" },
  { text: "Replay and recovery", link: "/guide/runtime/replay-and-recovery" },
  { text: "Real venues", link: "/guide/runtime/real-venues" },
  { text: "Several venues", link: "/guide/runtime/several-venues" },
];

const operations: DefaultTheme.SidebarItem[] = [
  { text: "The dashboard", link: "/guide/runtime/dashboard" },
  { text: "Alerts", link: "/guide/runtime/alerts" },
  { text: "Metrics, traces and logs", link: "/guide/runtime/export" },
  { text: "The performance report", link: "/guide/runtime/performance-report" },
  { text: "Profiles and leaks", link: "/guide/runtime/profiling" },
  { text: "Time travel", link: "/guide/runtime/time-travel" },
  { text: "The optimizer", link: "/guide/runtime/optimizer" },
  { text: "Write an observer", link: "/guide/runtime/observers" },
  { text: "The doctor", link: "/guide/runtime/doctor" },
];

const trading: DefaultTheme.SidebarItem[] = [
  { text: "Market data", link: "/guide/runtime/market-data" },
  { text: "Orders", link: "/guide/runtime/orders" },
  { text: "Risk", link: "/guide/runtime/risk" },
  { text: "Portfolio", link: "/guide/runtime/portfolio" },
  { text: "Execution algorithms", link: "/guide/runtime/execution-algos" },
  { text: "Routing and arbitrage", link: "/guide/runtime/routing-and-arbitrage" },
];

const backtest: DefaultTheme.SidebarItem[] = [
  { text: "Backtest a strategy", link: "/guide/backtest/" },
  { text: "Data", link: "/guide/backtest/data" },
  { text: "Realism", link: "/guide/backtest/realism" },
  { text: "Sweeps", link: "/guide/backtest/sweeps" },
  { text: "Divergence", link: "/guide/backtest/divergence" },
  { text: "The engine", link: "/guide/backtest/engine" },
];

const sdk: DefaultTheme.SidebarItem[] = [
  { text: "Overview", link: "/guide/sdk/" },
  { text: "Market data", link: "/guide/sdk/market-data" },
  { text: "Orders", link: "/guide/sdk/orders" },
  { text: "Errors", link: "/guide/sdk/errors" },
  { text: "Regions and failover", link: "/guide/sdk/regions" },
  { text: "Sessions and secrets", link: "/guide/sdk/sessions" },
  { text: "The transport", link: "/guide/sdk/transport" },
  { text: "Binance", link: "/guide/sdk/binance" },
  { text: "Axiom", link: "/guide/sdk/axiom" },
  { text: "Add a venue", link: "/guide/sdk/add-a-venue" },
  { text: "Faults on demand", link: "/guide/sdk/faults" },
  { text: "Fault matrix", link: "/guide/sdk/fault-matrix" },
];

const parts: DefaultTheme.SidebarItem[] = [
  { text: "Overview", link: "/guide/perf/" },
  { text: "Clock and randomness", link: "/guide/perf/clock-and-randomness" },
  { text: "Latency", link: "/guide/perf/latency" },
  { text: "Metrics", link: "/guide/perf/metrics" },
  { text: "Rings and buffers", link: "/guide/perf/rings" },
  { text: "Shared memory", link: "/guide/perf/shared-memory" },
  { text: "Pools", link: "/guide/perf/pools" },
  { text: "Worker pool", link: "/guide/perf/worker-pool" },
  { text: "Limits", link: "/guide/perf/limits" },
  { text: "Shared budget", link: "/guide/perf/shared-budget" },
  { text: "Flow control", link: "/guide/perf/flow" },
  { text: "Tiered cache", link: "/guide/perf/cache" },
  { text: "SIMD kernels", link: "/guide/perf/simd" },
  { text: "Packed trades", link: "/guide/perf/packed-trades" },
  { text: "Monitors", link: "/guide/perf/monitors" },
  { text: "Profiling", link: "/guide/perf/profiling" },
  { text: "CPU pinning", link: "/guide/perf/cpu-pinning" },
  { text: "Auto-optimizer", link: "/guide/perf/auto-optimizer" },
  { text: "Load generator", link: "/guide/perf/load-generator" },
];

export default defineConfig({
  base,
  lang: "en",
  title: "Pitlane",
  description:
    "Runs a trading strategy, written as one TypeScript file, on an exchange in a box and on recorded sessions.",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}favicon.svg` }]],
  srcExclude: ["**/README.md"],
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide/quick-start", activeMatch: "/guide/" },
      { text: "API reference", link: "/api/", activeMatch: "/api/" },
    ],
    sidebar: [
      { text: "Guide", items: guides },
      { text: "Trading", items: trading },
      { text: "Backtest", items: backtest },
      { text: "Runtime", items: runtime },
      { text: "Operations", items: operations },
      { text: "SDK", items: sdk },
      { text: "Performance parts", items: parts },
      { text: "API reference", items: referencePages() },
    ],
    outline: { level: [2, 3] },
    search: { provider: "local" },
    docFooter: { prev: "Previous", next: "Next" },
    footer: { message: "Released under the MIT licence." },
  },
});

/** The generated pages; none before `reference.mjs` has run. */
function referencePages(): DefaultTheme.SidebarItem[] {
  const list = new URL("../api/pages.json", import.meta.url);
  return existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
}
