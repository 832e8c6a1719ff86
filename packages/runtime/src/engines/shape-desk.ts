import type { Instrument } from "@pitlane/sdk";
import type { Dispatcher } from "../hooks/dispatcher.ts";
import type { StrictWaterfallPoint, WaterfallSteps } from "../hooks/point.ts";
import { deny, type NamedVerdict, type Verdict } from "../hooks/verdict.ts";
import type { Intent, Order } from "../orders/order.ts";
import { applyChange, BadShapeError, type IntentChange, type ShapeRecord, toShapeRecord } from "../orders/shape.ts";

/** The name of the hook. */
export const SHAPE = "shape";

export interface ShapeDeskOptions {
  /** Number of an instrument in the session. */
  readonly indexOf: (instrument: Instrument) => number;
  /** An intent that nobody may change: it closes a position by the session's own doing. */
  readonly isExempt: (intent: Intent) => boolean;
  /** Whether the plugin that wants an order may have it as it became. */
  readonly permits: (owner: number, intent: Intent) => Verdict;
}

/** What became of an intent. */
export interface Shaped {
  /** What each plugin changed, in order; undefined when nothing was. */
  readonly changes: readonly ShapeRecord[] | undefined;
  /** The order is not to be: what went wrong denies. */
  readonly refusal: NamedVerdict | undefined;
}

/** Told how long each shape hook took. */
type ShapeMeter = (owner: number, kind: string, elapsedNs: number) => void;

/**
 * Puts intents to the shape hooks of plugins, before risk is asked.
 *
 *     wish -> hook -> fits? -> hook -> fits? -> permissions of who wants it -> risk
 *
 * What goes wrong denies: a hook that throws (`SHAPER_FAILED`), one whose change does not fit (`BAD_SHAPE`), and one whose plugin was taken out
 * (`SHAPER_QUARANTINED`), for an order that was to be made smaller must not go out as it was. While nobody shapes, `isUsed` is false and an
 * intent costs no more than a look at it.
 */
export class ShapeDesk implements WaterfallSteps<Intent> {
  readonly #options: ShapeDeskOptions;
  #point: StrictWaterfallPoint<Intent> | undefined;
  #names: readonly string[] = [];
  #meter: ShapeMeter | undefined;
  #monotonicNs: () => number = () => 0;
  #sinceNs = 0;
  // Of the intent that is being shaped.
  #intent: Intent | undefined;
  #changes: ShapeRecord[] | undefined;
  #refusal: NamedVerdict | undefined;
  #isAmend = false;
  /** Hooks are being called: they act on the intent alone, and want no orders. */
  isBusy = false;

  constructor(options: ShapeDeskOptions) {
    this.#options = options;
  }

  /** Takes its hooks from the dispatcher. @param meter Left out, no clock is read. */
  open(dispatcher: Dispatcher, names: readonly string[], monotonicNs: () => number, meter?: ShapeMeter): void {
    this.#point = dispatcher.strictWaterfall<Intent>(SHAPE, this);
    this.#names = names;
    this.#monotonicNs = monotonicNs;
    this.#meter = meter;
  }

  /** Somebody shapes. */
  get isUsed(): boolean {
    return this.#point?.isEmpty === false;
  }

  /** Changes the intent of an order that was not put to risk yet; undefined when nobody changed or refused it. */
  shape(order: Order): Shaped | undefined {
    const wish = order.intent;
    if (this.#point === undefined || this.#options.isExempt(wish)) return undefined;
    this.#intent = wish;
    this.#changes = undefined;
    this.#refusal = undefined;
    if (this.#meter !== undefined) this.#sinceNs = this.#monotonicNs();
    this.isBusy = true;
    try {
      this.#point.call(wish, this.#options.indexOf(wish.instrument), order.strategy);
    } finally {
      this.isBusy = false;
    }
    const intent = this.#intent;
    this.#intent = undefined;
    if (intent !== wish) {
      order.intent = intent;
      order.sizeLots = intent.sizeLots;
      if (this.#refusal === undefined) this.#refusal = this.#reviewPermission(order);
    }
    if (this.#changes === undefined && this.#refusal === undefined) return undefined;
    return { changes: this.#changes, refusal: this.#refusal };
  }

  /**
   * As `shape`, of an order that is to become smaller, to `order.amendLots`: hooks are shown it with that size, and may make it smaller
   * still. What else they change is left out: an order at the venue keeps its price and its terms.
   */
  shapeAmend(order: Order): Shaped | undefined {
    const { intent, sizeLots } = order;
    const amended = { ...intent, sizeLots: order.amendLots };
    if (this.#options.isExempt(intent)) return undefined;
    this.#isAmend = true;
    order.intent = amended;
    try {
      const shaped = this.shape(order);
      order.amendLots = order.intent.sizeLots;
      return shaped;
    } finally {
      this.#isAmend = false;
      order.intent = intent;
      order.sizeLots = sizeLots;
    }
  }

  take(before: Intent, answer: unknown, owner: number): Intent {
    const changed = applyChange(before, answer as IntentChange);
    const isKept = changed === before || (this.#isAmend && changed.sizeLots === before.sizeLots);
    const after = isKept ? before : this.#isAmend ? { ...before, sizeLots: changed.sizeLots } : changed;
    if (after === before) return before;
    this.#changes ??= [];
    this.#changes.push(toShapeRecord(this.#nameOf(owner), before, after));
    this.#intent = after;
    return after;
  }

  called(owner: number): void {
    if (this.#meter === undefined) return;
    const nowNs = this.#monotonicNs();
    this.#meter(owner, SHAPE, nowNs - this.#sinceNs);
    this.#sinceNs = nowNs;
  }

  broke(owner: number, error: unknown): void {
    const voter = this.#nameOf(owner);
    this.#refusal = { voter, verdict: verdictOf(voter, error) };
  }

  #reviewPermission({ owner, intent }: Order): NamedVerdict | undefined {
    const verdict = this.#options.permits(owner, intent);
    return verdict.allowed ? undefined : { voter: "permissions", verdict };
  }

  #nameOf(owner: number): string {
    return this.#names[owner] ?? "";
  }
}

function verdictOf(name: string, error: unknown): Verdict {
  if (error === undefined) return deny("SHAPER_QUARANTINED", `${name} was taken out and cannot shape it`);
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof BadShapeError) return deny("BAD_SHAPE", `${name}: ${reason}`);
  return deny("SHAPER_FAILED", `${name} failed: ${reason}`);
}
