import type { OrderRef, OrderReport } from "../../model/order.ts";
import { type RateCount, scanRateCounts } from "./rate-counts.ts";
import { scanInteger } from "./scan.ts";
import { newOrderScan, type OrderScan, type ReadAnswer } from "./scan-order.ts";
import { literal, skipLiteral } from "./scan-text.ts";

/** The result of a call that was read from its bytes, where JSON.parse would give an object that is still to be checked. */
export class ScannedOrder {
  readonly report: OrderReport;

  constructor(report: OrderReport) {
    this.report = report;
  }
}

/** How to read a call's answer from its bytes, and what it must be about. */
export interface OrderAnswer {
  readonly read: ReadAnswer;
  readonly asked: OrderRef;
}

const ID = literal('{"id":');
const GOOD = literal(',"status":200,"result":');
const LIMITS = literal(',"rateLimits":[');
const CLOSE = 125;

/** Reads answers of the WebSocket API that are a success, from their bytes. One for each socket, used again and again. */
export class AnswerScanner {
  readonly #scan = newOrderScan();
  readonly #counts: RateCount[] = [];
  #resultAt = -1;

  /** What the last answer told of the venue's limits; valid until the next one is read. */
  get counts(): readonly RateCount[] {
    return this.#counts;
  }

  /** The id of a message that tells a success; -1 for any other one. */
  idOf(data: Buffer): number {
    const { numbers } = this.#scan;
    this.#resultAt = skipLiteral(data, scanInteger(data, skipLiteral(data, 0, ID), numbers, 0), GOOD);
    return this.#resultAt < 0 ? -1 : (numbers[0] as number);
  }

  /** The result of that message, when all the rest of it has the documented form. */
  tryRead(data: Buffer, { read, asked }: OrderAnswer): ScannedOrder | undefined {
    const scan = this.#scan;
    scan.report = undefined;
    this.#counts.length = 0;
    let at = read(data, this.#resultAt, asked, scan);
    const limits = skipLiteral(data, at, LIMITS);
    if (limits > 0) at = scanRateCounts(data, limits, scan.numbers, this.#counts);
    if (at < 0 || data[at] !== CLOSE || at + 1 !== data.length || scan.report === undefined) return undefined;
    return new ScannedOrder(scan.report);
  }
}

/** The whole of `data`, when it is a result in the documented form: the answer of a REST call. */
export function tryReadOrder(data: Buffer, { read, asked }: OrderAnswer, scan: OrderScan): ScannedOrder | undefined {
  scan.report = undefined;
  const isWhole = read(data, 0, asked, scan) === data.length;
  return isWhole && scan.report !== undefined ? new ScannedOrder(scan.report) : undefined;
}
