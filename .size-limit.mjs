// What an application bundles of our code; undici and ws are packages of its own choosing of version, and so counted nowhere.
const node = (config) => ({ ...config, platform: "node" });

export default [
  {
    name: "market data of Binance",
    path: "packages/sdk/dist/venues/binance/market-only.js",
    import: "{ createBinanceMarket }",
    ignore: ["undici", "ws"],
    modifyEsbuildConfig: node,
    gzip: true,
    limit: "41 KB",
  },
  {
    name: "all of Binance",
    path: "packages/sdk/dist/venues/binance/index.js",
    import: "{ createBinance }",
    ignore: ["undici", "ws"],
    modifyEsbuildConfig: node,
    gzip: true,
    limit: "53 KB",
  },
];
