import type { HttpAnswer, HttpRequest } from "../protocol.ts";
import type { AxiomControls } from "./controls.ts";

/**
 * What an Axiom paper venue answers about itself: `GET /_paper/axiom/mails` (codes included, for tests in other processes) and
 * `GET /_paper/axiom/transactions`, the ledger of the relay. Errors are `{"error": text}`.
 */
export function answerAxiomAdmin({ mails, acceptedTransactions }: AxiomControls, request: HttpRequest): HttpAnswer {
  switch (`${request.method} ${request.path}`) {
    case "GET /_paper/axiom/mails":
      return json(200, { mails });
    case "GET /_paper/axiom/transactions":
      return json(200, { total: acceptedTransactions.length, transactions: acceptedTransactions });
    default:
      return json(404, { error: "there are GET mails and GET transactions below /_paper/axiom/" });
  }
}

function json(status: number, value: object): HttpAnswer {
  return { status, headers: { "content-type": "application/json;charset=UTF-8" }, text: JSON.stringify(value) };
}
