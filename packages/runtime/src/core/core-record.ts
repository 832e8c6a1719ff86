import type { ExecutionRecord } from "../engines/execution.ts";
import type { PortfolioRecord } from "../engines/portfolio.ts";
import type { HostSnapshot } from "../plugins/snapshot.ts";

/** What of a core must survive a restart, as snapshots keep it. Books and quotes are not: the venue gives them anew. */
export interface CoreRecord {
  readonly execution: ExecutionRecord;
  readonly portfolio: PortfolioRecord;
  /** What plugins keep. */
  readonly plugins: HostSnapshot;
}
