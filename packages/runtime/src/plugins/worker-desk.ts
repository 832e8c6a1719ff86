import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import { deny } from "../hooks/verdict.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Signal } from "../orders/signal.ts";
import { reasonOf } from "./errors.ts";
import type { HostServices } from "./services.ts";
import type { WorkerFeed } from "./worker-feed.ts";
import type { Fund, Holding, OrderNews, OrderRef, WorkerMessage, WorkerStart } from "./worker-protocol.ts";
import { type RefsRecord, WorkerRefs } from "./worker-refs.ts";
import { Standings, venuesOf } from "./worker-standings.ts";

/** What the session does of a worker's wishes. */
export interface WishPerformers {
  readonly submit: (intent: Intent) => OrderView;
  readonly signal: (signal: Signal) => OrderView;
}

export interface WorkerDeskOptions {
  readonly owner: number;
  readonly services: HostServices;
  /** Where the worker is told; undefined while no thread runs. */
  readonly feed: () => WorkerFeed | undefined;
}

/**
 * The orders of a plugin in a worker, in the session: performs what the worker wants, and tells it what became of that.
 *
 *     wish, an input by now -> gate and execution -> order and fill events -> news
 */
export class WorkerDesk {
  readonly #options: WorkerDeskOptions;
  readonly #refs = new WorkerRefs();
  readonly #standings: Standings;
  readonly #venues: readonly string[];
  // As the worker was told last.
  readonly #holds = new Map<string, bigint>();
  readonly #funds = new Map<string, bigint | undefined>();

  constructor(options: WorkerDeskOptions) {
    this.#options = options;
    this.#venues = venuesOf(options.services.instruments);
    this.#standings = new Standings(this.#venues);
  }

  /** Its numbers of orders, for a snapshot. */
  record(): RefsRecord {
    return this.#refs.record();
  }

  /** Takes over the numbers of an earlier process. */
  restore(record: RefsRecord | undefined): void {
    const { services, owner } = this.#options;
    this.#refs.restore(record, services.openOrders(owner, undefined));
  }

  /** Some order that the plugin can ask for has no number: no thread was told of it. */
  get hasUntold(): boolean {
    return this.#known().some(({ clientOrderId }) => this.#refs.ref(clientOrderId) === undefined);
  }

  /** What a new thread is told of orders, and of what it looks up. */
  start(): Pick<WorkerStart, "orders" | "nextRef" | "holdings" | "funds" | "standings"> {
    const { instruments } = this.#options.services;
    const orders = this.#known().map((order) => {
      const { instrument, ...intent } = order.intent;
      return { ...newsOf(this.#refs.adopt(order), order), instrument: instruments.indexOf(instrument), intent };
    });
    this.#shareStandings();
    return {
      orders,
      nextRef: this.#refs.next,
      holdings: this.#holdings(instruments),
      funds: this.#fundsOf(instruments),
      standings: this.#standings.buffer,
    };
  }

  /** The client order id of one of its numbers. */
  idOf(ref: number): string | undefined {
    return this.#refs.order(ref)?.clientOrderId;
  }

  /** Performs a wish of the worker's. In a replay, without one. */
  apply(message: WorkerMessage, { submit, signal }: WishPerformers): void {
    const { services, owner } = this.#options;
    switch (message.type) {
      case "cancel": {
        const order = this.#order(message);
        if (order !== undefined) services.cancel(order);
        return;
      }
      case "amend":
        return this.#amend(message, message.sizeLots);
      case "route":
        return services.routing?.note(owner, message.decision);
      case "submit": {
        const { ref, intent } = message;
        return this.#submit(ref, message.instrument, (instrument) => submit({ ...withProfit(intent), instrument }));
      }
      case "signal": {
        const { ref, signal: wanted } = message;
        return this.#submit(ref, message.instrument, (instrument) => signal({ ...withProfit(wanted), instrument }));
      }
    }
  }

  /** An order of the plugin has changed. */
  onOrder({ instrument, order }: OrderEvent): void {
    this.#tellOrder(instrument, order, undefined);
  }

  /** An order of the plugin was filled. */
  onFill({ instrument, order, fill: { instrument: _, ...fill } }: FillEvent): void {
    this.#tellOrder(instrument, order, fill);
  }

  /** To be called now and then: fills of others change what the account holds, and venues become better and worse. */
  refresh(): void {
    this.#shareStandings();
    const { instruments } = this.#options.services;
    const [first] = instruments;
    if (first === undefined) return;
    const told = new Map(this.#holds);
    const toldFunds = new Map(this.#funds);
    const holdings = this.#holdings(instruments).filter(([asset, units]) => told.get(asset) !== units);
    const funds = this.#fundsOf(instruments).filter((fund) => toldFunds.get(keyOf(fund)) !== fund[2]);
    if (holdings.length + funds.length > 0) this.#options.feed()?.note(first, { type: "holdings", holdings, funds });
  }

  /** As often as the market moves. */
  shareBacklog(): void {
    const backlog = this.#options.services.backlog?.();
    if (backlog !== undefined) this.#standings.setBacklog(backlog);
  }

  #submit(ref: number, id: string, submit: (instrument: Instrument) => OrderView): void {
    const instrument = this.#options.services.instruments.find((one) => one.id === id);
    if (instrument === undefined) throw new InvalidInputError(`${id} is not an instrument of this session`);
    try {
      this.#refs.add(ref, submit(instrument));
    } catch (error) {
      const none = { clientOrderId: "", venueOrderId: "", filledLots: 0 };
      const news = { ref, ...none, state: "denied", reason: reasonOf(error) } as const;
      this.#options.feed()?.note(instrument, { type: "order", news, fill: undefined, holdings: [], funds: [] });
    }
  }

  #amend(ref: OrderRef, sizeLots: number): void {
    const { services } = this.#options;
    const order = this.#order(ref);
    if (order === undefined) return;
    const verdict =
      services.amend?.(order, sizeLots) ?? deny("AMEND_NOT_SUPPORTED", "orders cannot be made smaller here");
    if (!verdict.allowed)
      this.#tellOrder(order.intent.instrument, order, undefined, `${verdict.code}: ${verdict.reason}`);
  }

  #order({ ref, clientOrderId }: OrderRef): OrderView | undefined {
    const { services, owner } = this.#options;
    if (clientOrderId === undefined) return this.#refs.order(ref);
    return services.openOrders(owner, undefined).find((order) => order.clientOrderId === clientOrderId);
  }

  #tellOrder(
    instrument: Instrument,
    order: OrderView,
    fill: Omit<FillEvent["fill"], "instrument"> | undefined,
    reason = order.reason,
  ): void {
    const feed = this.#options.feed();
    const known = this.#refs.ref(order.clientOrderId);
    if (feed === undefined) {
      if (known !== undefined && !order.isOpen) this.#refs.finish(known);
      return; // its next thread is told all that is open
    }
    const { instrument: _, ...intent } = order.intent;
    const ref = known ?? this.#refs.adopt(order);
    if (!order.isOpen) this.#refs.finish(ref);
    const news = { ...newsOf(ref, order), reason, ...(known === undefined && { intent }) };
    this.#shareStandings();
    const [holdings, funds] = [this.#holdings([instrument]), this.#fundsOf([instrument])];
    feed.note(instrument, { type: "order", news, fill, holdings, funds });
  }

  #shareStandings(): void {
    this.shareBacklog();
    const { routing } = this.#options.services;
    if (routing === undefined) return;
    for (const venue of this.#venues)
      this.#standings.setVenue(venue, routing.latencyNs(venue), routing.hasUnknown(venue));
  }

  #holdings(instruments: readonly Instrument[]): readonly Holding[] {
    const assets = new Set(instruments.flatMap(({ base, quote }) => [base, quote]));
    const holdings = [...assets].map((asset): Holding => [asset, this.#options.services.balance(asset)]);
    for (const [asset, units] of holdings) this.#holds.set(asset, units);
    return holdings;
  }

  #fundsOf(instruments: readonly Instrument[]): readonly Fund[] {
    const { routing } = this.#options.services;
    if (routing === undefined) return [];
    const funds = new Map<string, Fund>();
    for (const { venue, base, quote } of instruments)
      for (const asset of [base, quote]) {
        const key = keyOf([venue, asset]);
        if (!funds.has(key)) funds.set(key, [venue, asset, routing.freeUnits(venue, asset)]);
      }
    for (const [key, [, , units]] of funds) this.#funds.set(key, units);
    return [...funds.values()];
  }

  /** Orders of the plugin's that it can ask for: what is open, and what has a tag and is still known. */
  #known(): readonly OrderView[] {
    const { services, owner } = this.#options;
    const tagged = services.ordersTagged?.(owner, "") ?? [];
    return [...new Set([...tagged, ...services.openOrders(owner, undefined)])];
  }
}

function keyOf([venue, asset]: readonly [string, string, ...unknown[]]): string {
  return `${venue} ${asset}`;
}

function newsOf(ref: number, order: OrderView): OrderNews {
  const { clientOrderId, venueOrderId, state, filledLots, reason, intent, sizeLots: nowLots } = order;
  const { type, sizeLots, priceTicks, timeInForce } = intent;
  const terms = {
    type,
    sizeLots,
    nowLots,
    ...(priceTicks === undefined ? {} : { priceTicks }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
  return { ref, clientOrderId, venueOrderId, state, filledLots, reason, terms };
}

/** Terms as a message has them. */
function withProfit<Terms extends { readonly expectedProfit?: string }>({ expectedProfit, ...terms }: Terms) {
  return { ...terms, ...(expectedProfit !== undefined && { expectedProfit: BigInt(expectedProfit) }) };
}
