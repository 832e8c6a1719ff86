import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  testing: "src/testing.ts",
  "metrics/index": "src/metrics/index.ts",
  "ring/index": "src/ring/index.ts",
  "pool/index": "src/pool/index.ts",
  "limit/index": "src/limit/index.ts",
  "flow/index": "src/flow/index.ts",
  "cache/index": "src/cache/index.ts",
  "cache/sqlite-tier": "src/cache/sqlite-tier.ts",
  "simd/index": "src/simd/index.ts",
  "monitor/index": "src/monitor/index.ts",
  "tune/index": "src/tune/index.ts",
  "load/index": "src/load/index.ts",
});
