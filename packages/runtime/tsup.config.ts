import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  testing: "src/testing.ts",
  cli: "src/cli/main.ts",
  launch: "src/cli/launch.ts",
  "plugin-worker": "src/plugins/worker-thread.ts",
  "backtest-worker": "src/backtest/trial-worker.ts",
  "update-worker": "src/observe/update-worker.ts",
});
