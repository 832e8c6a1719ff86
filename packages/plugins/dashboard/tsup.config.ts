import { library } from "../../../tsup.base.ts";

// It empties dist, so the page is built after it.
export default library({ index: "src/index.ts", "reader-thread": "src/reading/thread.ts" });
