import type { Priority } from "@pitlane/perf/limit";
import type { CallControl, WriteControl } from "../../calls.ts";
import { checkControl } from "../../checks.ts";
import type { HttpMethod } from "../../transport/transport.ts";
import type { OrderTicket } from "./order-budget.ts";
import type { OrderAnswer } from "./scan-answer.ts";
import type { Params } from "./sign.ts";

/** One call of Binance's, whichever way it goes. */
export interface ApiCall {
  readonly verb: HttpMethod;
  /** Below the API's root: `/order`. */
  readonly path: string;
  /** The same call's name in the WebSocket API, where it has one. */
  readonly method?: string;
  readonly params: Params;
  /** Needs key and signature. */
  readonly isSigned: boolean;
  /** Repeating it does no harm. */
  readonly isRead: boolean;
  /** What it costs of the request weight; 0 for order calls, which weigh only when they fail: then the venue's count tells. */
  readonly weight: number;
  readonly priority: Priority;
  readonly control: WriteControl;
  /** How its answer can be read without JSON.parse, where it can. */
  readonly answer?: OrderAnswer | undefined;
  /** Of a call that places orders: hears what the answer tells of their number. */
  readonly ticket?: OrderTicket | undefined;
}

/**
 * A way to the venue: REST or the WebSocket API.
 *
 * @throws {RequestError} From `call`, with the outcome.
 */
export interface Api {
  /** Sends a call and brings the JSON of its answer, or a `ScannedOrder` where the call says how to read one. */
  call(call: ApiCall): Promise<unknown>;
}

/** A public read. @throws {InvalidInputError} When `control` breaks a rule. */
export function publicRead(path: string, params: Params, weight: number, control: CallControl = {}): ApiCall {
  checkControl(control);
  return { verb: "GET", path, params, weight, control, isSigned: false, isRead: true, priority: "read" };
}

/** A read of the account. Throws as `publicRead`. */
export function signedRead(
  path: string,
  method: string,
  params: Params,
  weight: number,
  control?: CallControl,
): ApiCall {
  return { ...publicRead(path, params, weight, control), method, isSigned: true };
}
