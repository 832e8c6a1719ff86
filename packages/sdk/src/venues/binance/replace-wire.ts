import type { Outcome } from "../../batch/outcome.ts";
import { ProtocolError, RejectedError } from "../../errors.ts";
import type { OrderRef, OrderReport } from "../../model/order.ts";
import { afterWrite, toError } from "./errors.ts";
import { type Fields, integerOf, textOf, toFields } from "./fields.ts";
import { parseCancel, parseNewOrder } from "./wire.ts";

/** What became of both halves of a cancelReplace. */
export interface Replaced {
  readonly cancel: Outcome<OrderReport>;
  readonly submit: Outcome<OrderReport>;
}

/**
 * Both halves of a cancelReplace answer: the reply itself, or the `data` of its error, since the venue answers with one where
 * either half failed, and the old order may be cancelled all the same.
 *
 * @param status HTTP status of the whole answer.
 * @throws {ProtocolError} Naming the field. Source: rest-api.md, "Cancel an Existing Order and Send a New Order", 2026-07.
 */
export function parseReplace(value: unknown, ref: OrderRef, newClientOrderId: string, status: number): Replaced {
  const where = "cancelReplace";
  const both = toFields(where, value);
  const cancelResult = textOf(where, both, "cancelResult");
  const newOrderResult = textOf(where, both, "newOrderResult");
  const cancelResponse = both["cancelResponse"];
  const newOrderResponse = both["newOrderResponse"];
  return {
    cancel: half(cancelResult, "cancel", () => parseCancel(cancelResponse, ref.instrument), {
      response: cancelResponse,
      clientOrderId: ref.clientOrderId,
      status,
    }),
    submit: half(newOrderResult, "new order", () => parseNewOrder(newOrderResponse, ref.instrument), {
      response: newOrderResponse,
      clientOrderId: newClientOrderId,
      status,
    }),
  };
}

/** True for the `data` of an error that tells of both halves. */
export function isReplaceData(value: unknown): boolean {
  return typeof value === "object" && value !== null && "cancelResult" in value && "newOrderResult" in value;
}

function half(
  result: string,
  what: string,
  parse: () => OrderReport,
  failure: { readonly response: unknown; readonly clientOrderId: string; readonly status: number },
): Outcome<OrderReport> {
  const { response, clientOrderId, status } = failure;
  if (result === "SUCCESS") return { ok: true, value: parse() };
  if (result === "NOT_ATTEMPTED") {
    const text = "not attempted, since the cancel failed";
    return { ok: false, error: new RejectedError(`cancelReplace: ${what} ${text}`, { status, venueText: text }) };
  }
  if (result !== "FAILURE")
    throw new ProtocolError(`cancelReplace: the result of the ${what} is ${result}, not one we know`);
  const where = `cancelReplace: ${what}`;
  const { code, msg } = codeOf(where, toFields(where, response));
  const error = toError(where, { status: 400, text: JSON.stringify({ code, msg }) });
  const meant = afterWrite(error, clientOrderId);
  return { ok: false, error: meant instanceof Error ? meant : error };
}

function codeOf(where: string, fields: Fields): { readonly code: number; readonly msg: string } {
  return { code: integerOf(where, fields, "code"), msg: textOf(where, fields, "msg") };
}
