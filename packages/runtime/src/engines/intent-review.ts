import { toVoteRecord, type VoteRecord } from "../hooks/verdict.ts";
import { admittedText, Quoted } from "../orders/intent-text.ts";
import { endAmend } from "../orders/machine.ts";
import type { Order } from "../orders/order.ts";
import { toIntentRecord } from "../orders/records.ts";
import type { ShapeRecord } from "../orders/shape.ts";
import { reviewTerms } from "../orders/terms.ts";
import type { BacklogCounter } from "./backlog.ts";
import type { DenialCounter } from "./denials.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import { type ApprovedIntent, deny, type NamedVerdict, type Review } from "./risk.ts";
import type { Shaped } from "./shape-desk.ts";

/** The body of an `amend` row. */
export interface AmendEntry {
  readonly clientOrderId: string;
  /** The size wanted, as a whole, in lots; as plugins that shape have made it. */
  readonly sizeLots: number;
  /** What each of them changed; left out when nothing was. */
  readonly shaped?: readonly ShapeRecord[];
  /** False when it is not to be, and nothing was sent; else left out. */
  readonly approved?: false;
  /** What plugins that vote have said; left out where none does. */
  readonly votes?: readonly VoteRecord[];
}

export interface IntentReviewOptions
  extends Pick<ExecutionOptions, "risk" | "shapes" | "journal" | "clock" | "latencies"> {
  readonly backlog: BacklogCounter;
  readonly denials: DenialCounter;
  /** An order is approved. It must count as open at once, for the votes on the intents that follow. */
  readonly onApproved: (order: Order) => void;
  /** An order was denied, or its amendment was. */
  readonly onDenied: (order: Order) => void;
}

/** Puts what hooks have wanted to those that shape and to risk, and journals what came of it. Nothing is committed or sent here. */
export class IntentReview {
  readonly #options: IntentReviewOptions;
  readonly #refusals = new Map<Order, NamedVerdict>(); // of intents that risk is not asked about
  readonly #quoted = new Quoted();
  // Of the verdicts that were written last: those of orders that all voters allow are one and the same list.
  #writtenVerdicts: readonly NamedVerdict[] | undefined;
  #writtenVotes = "";
  #closedReason = "";

  constructor(options: IntentReviewOptions) {
    this.#options = options;
  }

  /** An order that waits for its review is not to be at all: risk is not asked. */
  refuse(order: Order, refusal: NamedVerdict): void {
    this.#refusals.set(order, refusal);
  }

  isRefused(order: Order): boolean {
    return this.#refusals.has(order);
  }

  /** Every further intent is denied with `reason`. */
  close(reason: string): void {
    this.#closedReason = reason;
  }

  /** Reviews intents in order: those that passed are returned, the others are denied by now. */
  review(intended: readonly Order[]): ApprovedIntent[] {
    const { journal, clock, latencies, shapes, backlog, denials } = this.#options;
    const passed: ApprovedIntent[] = [];
    for (const order of intended) {
      let refusal = this.#refusals.get(order);
      if (refusal === undefined) backlog.unvoted--;
      else this.#refusals.delete(order);
      const shaped = refusal === undefined && shapes?.isUsed ? this.#shape(order) : undefined;
      refusal ??= shaped?.refusal;
      const startedNs = clock.monotonicNs();
      const { approved, verdicts } =
        refusal === undefined ? this.#reviewOne(order) : { approved: undefined, verdicts: [refusal] };
      latencies.risk.record(clock.monotonicNs() - startedNs);
      const withdrawn =
        this.#closedReason || (order.cancelWanted ? "cancelled by the strategy before it was sent" : "");
      const admitted = withdrawn === "" ? approved : undefined;
      if (admitted !== undefined && shaped?.changes === undefined && journal.appendText !== undefined)
        journal.appendText("intent", admittedText(order, this.#votesText(verdicts), this.#quoted));
      else journal.append("intent", toEntry(order, shaped, admitted !== undefined, verdicts));
      if (admitted !== undefined) {
        order.state = "submitted";
        this.#options.onApproved(order);
        passed.push(admitted);
        continue;
      }
      const veto = verdicts.find(({ verdict }) => !verdict.allowed)?.verdict;
      denials.count(verdicts.map(toVoteRecord), withdrawn);
      order.state = "denied";
      order.reason = withdrawn || (veto?.allowed === false ? `${veto.code}: ${veto.reason}` : "denied");
      this.#options.onDenied(order);
    }
    return passed;
  }

  /** Puts an amendment to plugins that shape and vote, and journals it; false when it is not to be, which is told. */
  admitsAmend(order: Order): boolean {
    const { journal, shapes, risk } = this.#options;
    const shaped = shapes?.isUsed ? shapes.shapeAmend(order) : undefined;
    const { clientOrderId: id, amendLots, filledLots, intent } = order;
    const refusal = shaped?.refusal ?? (amendLots > filledLots ? undefined : tooSmall(amendLots, filledLots));
    const verdicts = refusal === undefined ? risk.reviewAmend({ ...intent, sizeLots: amendLots }) : [refusal];
    const veto = verdicts.find(({ verdict }) => !verdict.allowed)?.verdict;
    journal.append("amend", {
      clientOrderId: id,
      sizeLots: amendLots,
      ...(shaped?.changes !== undefined && { shaped: shaped.changes }),
      ...(veto !== undefined && { approved: false }),
      ...(verdicts.length > 0 && { votes: verdicts.map(toVoteRecord) }),
    } satisfies AmendEntry);
    if (veto === undefined || veto.allowed) return true;
    endAmend(order, `${veto.code}: ${veto.reason}`);
    this.#options.onDenied(order);
    return false;
  }

  #votesText(verdicts: readonly NamedVerdict[]): string {
    if (verdicts !== this.#writtenVerdicts) {
      this.#writtenVerdicts = verdicts;
      this.#writtenVotes = JSON.stringify(verdicts.map(toVoteRecord));
    }
    return this.#writtenVotes;
  }

  /** Nobody is asked about an order that is not to be sent any more. */
  #shape(order: Order): Shaped | undefined {
    return this.#closedReason === "" && !order.cancelWanted ? this.#options.shapes?.shape(order) : undefined;
  }

  #reviewOne(order: Order): Review {
    const { backlog, unvoted } = this.#options.backlog;
    const { limit } = backlog;
    const orders = backlog.orders - unvoted - 1; // it is one of them by now
    let verdict = reviewTerms(order.intent);
    if (verdict.allowed && orders < limit) return this.#options.risk.review(order);
    if (verdict.allowed)
      verdict = deny("QUEUE_FULL", `${orders} orders wait for the venue's word, the limit is ${limit}`);
    return { approved: undefined, verdicts: [{ voter: "pipeline", verdict }] };
  }
}

/** The body of an `intent` row. */
function toEntry(
  { clientOrderId, strategy, intent }: Order,
  shaped: Shaped | undefined,
  isApproved: boolean,
  verdicts: readonly NamedVerdict[],
) {
  return {
    clientOrderId,
    strategy,
    ...toIntentRecord(intent),
    ...(shaped?.changes !== undefined && { shaped: shaped.changes }),
    approved: isApproved,
    votes: verdicts.map(toVoteRecord),
  };
}

function tooSmall(amendLots: number, filledLots: number): NamedVerdict {
  const reason = `plugins that shape made its size ${amendLots} lots, and ${filledLots} are filled`;
  return { voter: "pipeline", verdict: deny("BAD_SIZE", reason) };
}
