import type { ExecutionRecord } from "../engines/execution.ts";
import type { PerformanceRecord } from "../engines/performance-monitor.ts";
import type { PortfolioRecord } from "../engines/portfolio.ts";
import type { RiskRecord } from "../engines/risk-desk.ts";
import type { HostSnapshot } from "../plugins/snapshot.ts";

/** What of a core must survive a restart, as snapshots keep it. Books and quotes are not: the venue gives them anew. */
export interface CoreRecord {
  readonly execution: ExecutionRecord;
  readonly portfolio: PortfolioRecord;
  /** Not in journals of the first versions. */
  readonly performance?: PerformanceRecord;
  /** How trading stands, and the losses; older journals have none. */
  readonly risk?: RiskRecord;
  /** Time to the answer of each venue, in nanoseconds; older journals have none. */
  readonly answers?: Readonly<Record<string, number>>;
  /** What plugins keep. */
  readonly plugins: HostSnapshot;
}
