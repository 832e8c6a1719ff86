// What an application bundles of our code. Packages of others, whose versions it chooses itself, are counted nowhere.
// As ES modules, which is how these packages are imported: for CommonJS esbuild would add helpers of its own.
const node = (config) => ({ ...config, platform: "node", format: "esm" });

export default [
  {
    name: "market data of Binance",
    path: "packages/sdk/dist/venues/binance/market-only.js",
    import: "{ createBinanceMarket }",
    ignore: ["undici", "eventemitter3"],
    modifyEsbuildConfig: node,
    gzip: true,
    limit: "25 KB",
  },
  {
    name: "all of Binance",
    path: "packages/sdk/dist/venues/binance/index.js",
    import: "{ createBinance }",
    ignore: ["undici", "eventemitter3"],
    modifyEsbuildConfig: node,
    gzip: true,
    limit: "73 KB", // orders have readers of their own for what comes of them, connections, a budget for their number, and a search of replies for secrets in any encoding
  },
];
