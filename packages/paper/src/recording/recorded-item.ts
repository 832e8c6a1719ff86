/** What a recording gives back, in the order of time. `atUs` is when the recorder received it: Unix time in microseconds. */
export type RecordedItem = RecordedFrame | RecordedSnapshot;

/** One frame off a market stream. */
export interface RecordedFrame {
  readonly kind: "frame";
  readonly atUs: number;
  /** `btcusdt@depth@100ms`. */
  readonly stream: string;
  /** The socket it came over, to tell a repetition from a second feed; empty where several streams cannot be told apart. */
  readonly source: string;
  /** The whole combined-stream frame `{"stream":..,"data":..}`, exactly as recorded. */
  readonly text: string;
}

/** One answer to a REST request for a book. */
export interface RecordedSnapshot {
  readonly kind: "snapshot";
  readonly atUs: number;
  readonly symbol: string;
  /** The answer's JSON, exactly as recorded. */
  readonly text: string;
}
