import { PitlaneError } from "@pitlane/perf";
import type { Severity } from "../rules.ts";
import type { AlertMessage } from "./message.ts";

/** Where alerts are told. */
export interface AlertSink {
  /** For faults, without secrets: "webhook hooks.example.com". */
  readonly name: string;
  /** It hears of nothing below this. */
  readonly least: Severity;
  /** False when its messages are not gathered: each change is told at once. */
  readonly isGrouped: boolean;
  /** Resolves when the other side has taken the message. @throws {DeliveryError} @throws The signal's reason. */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A sink did not take a message. Its text holds no secret, which is why it has no cause: that may. */
export class DeliveryError extends PitlaneError {
  readonly code = "ALERT_NOT_DELIVERED";
  readonly retryable: boolean;
  /** The wait that the other side asks for, milliseconds; 0 when it asks for none. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { readonly retryable: boolean; readonly retryAfterMs?: number }) {
    super(message);
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}
