import type { Clock } from "@pitlane/perf";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { StageLatencies } from "../latency.ts";
import type { Order } from "../orders/order.ts";
import type { OpenExposure } from "./exposure.ts";
import type { Portfolio } from "./portfolio.ts";
import type { ApprovedIntent, RiskEngine } from "./risk.ts";
import type { ShapeDesk } from "./shape-desk.ts";

/** Where decisions are written: a run's journal, or in a replay what compares them with it. */
export interface DecisionLog {
  append(kind: string, body: object): void;
  /** As `append`, of what `bodyText` makes of a body. Left out: `append` gets it. */
  appendText?(kind: string, text: string): void;
  /** All that was appended is safe when it returns. @throws {JournalError} When it cannot be written. */
  commit(): void;
}

/** Where orders go: the gateway, or nowhere in a replay. */
export interface OrderWire {
  /** @param triggerNs When the frame that led to it was received, monotonic; NaN when no frame did. */
  send(approved: ApprovedIntent, triggerNs: number): void;
  cancel(order: Order): void;
  /** Cancels all these at once, as quickly as the venue can. Left out: one by one. */
  sweep?(orders: readonly Order[]): void;
  /** Makes an order smaller, to `order.amendLots`; its end comes by `Execution.onAmendEnded`. Without it no order can be amended. */
  amend?(order: Order): void;
  /** The strategy does not want an approved order any more: one that still waits for the wire need not be sent. */
  withdraw?(order: Order): void;
}

export interface ExecutionOptions {
  readonly runKey: string;
  /** Names of the strategies by plugin index. */
  readonly strategies: readonly string[];
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
  /** Times stages. */
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly risk: RiskEngine;
  /** Plugins that change intents before risk is asked; nobody does where it is left out. */
  readonly shapes?: Pick<ShapeDesk, "isUsed" | "shape" | "shapeAmend">;
  readonly journal: DecisionLog;
  readonly wire: OrderWire;
  readonly portfolio: Portfolio;
  /** Kept up with every order; default one of its own. */
  readonly exposure?: OpenExposure;
  readonly latencies: StageLatencies;
  readonly publish: (event: OrderEvent | FillEvent) => void;
  readonly onFault: (message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
  /** Most orders of which nothing was heard yet; 10,000 unless told. */
  readonly maxBacklog?: number;
}
