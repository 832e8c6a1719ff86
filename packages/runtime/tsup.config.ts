import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  testing: "src/testing.ts",
  cli: "src/cli/main.ts",
  "plugin-worker": "src/plugins/worker-thread.ts",
});
