import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  "venues/binance/index": "src/venues/binance/index.ts",
  "venues/binance/market-only": "src/venues/binance/market-only.ts",
  "venues/axiom/index": "src/venues/axiom/index.ts",
  "imap/index": "src/imap/index.ts",
  testing: "src/testing.ts",
  "venue-kit": "src/venue-kit.ts",
});
