import { LineProblem } from "./errors.ts";
import { isObject, parseJson, type RecordingForm } from "./recorded-line.ts";
import { type EventStream, shownStream, streamOfEvent } from "./stream-name.ts";

/** What a message off a recorded socket is. */
export type Message =
  | ({ readonly kind: "frame"; readonly data: unknown; readonly text: string } & EventStream)
  | { readonly kind: "snapshot"; readonly snapshot: DepthSnapshot; readonly text: string }
  /** To SUBSCRIBE and its like; `id` is that of the request. */
  | { readonly kind: "answer"; readonly id: unknown };

/** A REST depth answer. Only COIN-M's names its symbol. */
export interface DepthSnapshot {
  /** Its `lastUpdateId`. */
  readonly sequence: number;
  readonly symbol: string | undefined;
  readonly bids: unknown;
  readonly asks: unknown;
}

/**
 * Understands one message: a combined-stream frame as it is, an event of a raw socket wrapped into such a frame, a depth
 * snapshot (raw form only, where REST answers stand between the frames), or an answer.
 *
 * @param subscribed - What the connection was subscribed to; asked for only when an event does not name its stream.
 * @throws {LineProblem} When the text is not JSON or none of these.
 */
export function parseMessage(text: string, form: RecordingForm, subscribed: () => ReadonlySet<string>): Message {
  const value = parseJson(text, form === "raw" ? "the line" : 'the text in "data"');
  if (isObject(value)) {
    if ("stream" in value) {
      const { stream, data } = value as { readonly stream: unknown; readonly data?: unknown };
      if (typeof stream !== "string" || stream === "") throw new LineProblem('the frame\'s "stream" is not a text');
      if (typeof data !== "object" || data === null) throw new LineProblem('the frame\'s "data" is not an object');
      return { kind: "frame", stream: shownStream(stream), doubt: undefined, data, text };
    }
    if (isAnswer(value)) return { kind: "answer", id: value["id"] };
    if (form === "raw" && "lastUpdateId" in value) return { kind: "snapshot", snapshot: parseSnapshot(value), text };
  }
  const found = streamOfEvent(value, subscribed());
  return { kind: "frame", ...found, data: value, text: `{"stream":${JSON.stringify(found.stream)},"data":${text}}` };
}

/**
 * The stream of a combined frame without parsing the rest of it; `undefined` when `text` does not begin like one. For text
 * that `parseMessage` has accepted before.
 */
export function wrappedStream(text: string): string | undefined {
  const stream = /^\{\s*"stream"\s*:\s*"([^"\\]+)"\s*,\s*"data"\s*:/.exec(text)?.[1];
  return stream === undefined ? undefined : shownStream(stream);
}

/** Reads a REST depth answer. @throws {LineProblem} When it has another shape. */
export function parseSnapshot(value: unknown): DepthSnapshot {
  const sequence = isObject(value) ? value["lastUpdateId"] : undefined;
  if (!isObject(value) || !Number.isSafeInteger(sequence)) {
    throw new LineProblem('the depth snapshot has no whole number "lastUpdateId"');
  }
  const { symbol, bids, asks } = value as Readonly<Record<"symbol" | "bids" | "asks", unknown>>;
  return { sequence: sequence as number, symbol: typeof symbol === "string" ? symbol : undefined, bids, asks };
}

/** Whether the venue answered a request rather than told an event; `{"code":..,"msg":..}` refuses one. */
export function isAnswer(value: Readonly<Record<string, unknown>>): boolean {
  return (
    ("id" in value && ("result" in value || "error" in value)) ||
    "error" in value ||
    ("code" in value && "msg" in value)
  );
}
