import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  testing: "src/testing.ts",
  "metrics/index": "src/metrics/index.ts",
  "ring/index": "src/ring/index.ts",
  "flow/index": "src/flow/index.ts",
});
