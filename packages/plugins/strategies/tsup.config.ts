import { library } from "../../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  "market-maker": "src/market-maker.ts",
  momentum: "src/momentum.ts",
  "pair-arbitrage": "src/pair-arbitrage.ts",
  "triangular-arbitrage": "src/triangular-arbitrage.ts",
  twap: "src/twap.ts",
});
