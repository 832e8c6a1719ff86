import { createSystemClock } from "@pitlane/perf";
import type { BookChange, Instrument, MarketEvent, OrderBook, QuoteEvent } from "@pitlane/sdk";
import { EventKinds } from "../../src/bus/kinds.ts";
import type { BuiltBarEvent } from "../../src/engines/bars.ts";
import { MarketFeeds } from "../../src/engines/market-feeds.ts";
import { DEFAULT_ROUTER } from "../../src/engines/route-desk.ts";
import { Dispatcher } from "../../src/hooks/dispatcher.ts";
import { reviewAmend } from "../../src/orders/amend.ts";
import { beginAmend } from "../../src/orders/machine.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { DEFAULT_SIGNALS } from "../../src/orders/signal.ts";
import {
  type HostServices,
  type PluginControl,
  type PluginEntry,
  PluginHost,
  type PluginHostOptions,
} from "../../src/plugins/host.ts";

/**
 * A session's plugins on the real dispatcher and the wall clock, with metering, and nothing behind: orders are accepted at once. What a
 * session has to call is called here.
 */
export class Stage {
  readonly orders: Order[] = [];
  readonly logged: string[] = [];
  readonly controls: PluginControl[] = [];
  readonly clock = createSystemClock();
  readonly kinds = new EventKinds();
  readonly timers = new Map<string, number>();
  readonly #instruments: readonly Instrument[];
  readonly #quotes = new Map<Instrument, QuoteEvent>();
  readonly #books = new Map<Instrument, OrderBook>();
  /** What the account can spend; no bound unless told. */
  freeUnits: (venue: string, asset: string) => bigint | undefined = () => undefined;
  readonly routes: { readonly owner: number; readonly decision: object }[] = [];
  backlog = { orders: 0, limit: 10_000, isHigh: false };
  readonly #watchers = new Set<() => void>();
  readonly #feeds: MarketFeeds;
  #host: PluginHost | undefined;
  #dispatcher: Dispatcher | undefined;

  private constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments;
    this.#feeds = new MarketFeeds({
      instruments,
      book: (instrument) => this.#books.get(instrument),
      publish: (bar) => this.#dispatch(bar),
      setTimer: () => {},
    });
  }

  static async open(
    entries: readonly PluginEntry[],
    instruments: readonly Instrument[],
    { freeUnits, ...more }: Partial<PluginHostOptions & Pick<Stage, "freeUnits">> = {},
  ): Promise<Stage> {
    const stage = new Stage(instruments);
    if (freeUnits !== undefined) stage.freeUnits = freeUnits;
    const { kinds, clock } = stage;
    const host = await PluginHost.open({ entries, services: stage.#services(), clock, seed: 1, ...more });
    stage.#host = host;
    stage.#dispatcher = new Dispatcher({
      kinds,
      instruments,
      owners: host.names,
      entries: host.registrations.hooks,
      clock,
      meter: (owner, kind, elapsedNs) => host.meter(owner, kind, elapsedNs),
      onFault: (owner, kind, error, policy) => host.fault(owner, kind, error, policy === "quarantine"),
    });
    return stage;
  }

  get host(): PluginHost {
    return this.#host!;
  }

  quote(bidTicks: number, instrument = this.#instruments[0]!): void {
    const now = { venueAtUs: 0, receivedAtUs: this.clock.nowUs(), receivedNs: this.clock.monotonicNs() };
    const event: QuoteEvent = {
      kind: "quote",
      instrument,
      ...now,
      bidTicks,
      bidLots: 5,
      askTicks: bidTicks + 2,
      askLots: 7,
      sequence: 1,
    };
    this.tell(event);
  }

  /** As a session does. */
  #know(event: MarketEvent): void {
    const { instrument } = event;
    if (event.kind === "quote") this.#quotes.set(instrument, event);
    if (event.kind === "book") this.#books.set(instrument, event.book);
    if (event.kind !== "gap" || event.channel !== "book") return;
    this.#quotes.delete(instrument);
    this.#books.delete(instrument);
  }

  tell(event: MarketEvent, change?: BookChange): void {
    const index = this.#instruments.indexOf(event.instrument);
    this.#know(event);
    this.#feeds.before(event, index, this.clock.nowUs());
    this.host.onMarket(event, change);
    this.#dispatch(event);
    this.#feeds.after(event, index, this.clock.nowUs());
  }

  #dispatch(event: MarketEvent | BuiltBarEvent): void {
    const index = this.#instruments.indexOf(event.instrument);
    this.#dispatcher!.dispatch(
      this.kinds.indexOf(event.kind),
      event,
      index,
      event.receivedNs,
      this.clock.monotonicNs(),
    );
  }

  tellOrder(order: Order): void {
    const { instrument } = order.intent;
    const index = this.#instruments.indexOf(instrument);
    const event = { kind: "order", instrument, order } as const;
    this.#dispatcher!.dispatchOwn(this.kinds.indexOf("order"), event, index, order.owner, this.clock.monotonicNs());
  }

  tellFill(order: Order, sizeLots: number): void {
    const { instrument, side, priceTicks = 0 } = order.intent;
    order.filledLots += sizeLots;
    order.state = order.filledLots === order.intent.sizeLots ? "filled" : "partiallyFilled";
    const { clientOrderId } = order;
    const about = { instrument, clientOrderId, venueOrderId: "1", tradeId: "1", side, priceTicks, sizeLots };
    const fill = { ...about, fee: 12n, feeAsset: "USDT", isMaker: true, atUs: 1 };
    const index = this.#instruments.indexOf(instrument);
    const event = { kind: "fill", instrument, order, fill } as const;
    this.#dispatcher!.dispatchOwn(this.kinds.indexOf("fill"), event, index, order.owner, this.clock.monotonicNs());
  }

  /** Resolves once `holds`: looked at whenever something was logged, ordered or controlled. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const watch = () => {
          this.#watchers.delete(watch);
          resolve();
        };
        this.#watchers.add(watch);
      });
    }
  }

  async close(): Promise<void> {
    await this.#host?.close();
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  #submit(owner: number, intent: Intent): Order {
    const order = new Order(`id-${this.orders.length + 1}`, this.host.names[owner]!, owner, intent);
    this.orders.push(order);
    return order;
  }

  #services(): HostServices {
    return {
      instruments: this.#instruments,
      submit: (owner, intent) => {
        const order = this.#submit(owner, intent);
        order.state = "accepted";
        this.#changed();
        return order;
      },
      refuse: (owner, intent, { code, reason }) => {
        const order = this.#submit(owner, intent);
        order.state = "denied";
        order.reason = `${code}: ${reason}`;
        this.#changed();
        return order;
      },
      cancel: (view) => {
        (view as Order).state = "cancelled";
        this.#changed();
      },
      openOrders: (owner) => this.orders.filter((order) => order.owner === owner && order.isOpen),
      ordersTagged: (owner, prefix) =>
        this.orders.filter((order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true),
      signals: DEFAULT_SIGNALS,
      amend: (view, sizeLots) => {
        const order = view as Order;
        const verdict = reviewAmend(order, sizeLots);
        if (verdict.allowed) beginAmend(order, sizeLots);
        this.#changed();
        return verdict;
      },
      backlog: () => this.backlog,
      routing: {
        settings: DEFAULT_ROUTER,
        latencyNs: () => undefined,
        hasUnknown: () => false,
        freeUnits: (venue, asset) => this.freeUnits(venue, asset),
        reserveFeeBps: 10,
        note: (owner, decision) => {
          this.routes.push({ owner, decision });
          this.#changed();
        },
      },
      book: (instrument) => this.#books.get(instrument),
      quote: (instrument) => this.#quotes.get(instrument),
      feeds: this.#feeds,
      positionLots: () => 42,
      ownLots: () => 0,
      balance: (asset) => (asset === "AAA" ? 777n : 0n),
      nowUs: () => this.clock.nowUs(),
      log: (plugin, message) => {
        this.logged.push(`${plugin}: ${message}`);
        this.#changed();
      },
      setTimer: (owner, id, dueAtUs) => void this.timers.set(`${owner} ${id}`, dueAtUs),
      clearTimer: (owner, id) => void this.timers.delete(`${owner} ${id}`),
      setActive: (owner, isActive) => this.#dispatcher?.setActive(owner, isActive),
      setShed: (owner, isShed) => this.#dispatcher?.setShed(owner, isShed),
      onReplaced: (owner, { hooks }) => this.#dispatcher?.replace(owner, hooks),
      control: (control) => {
        this.controls.push(control);
        this.host.applyControl(control);
        this.#changed();
      },
    };
  }
}
