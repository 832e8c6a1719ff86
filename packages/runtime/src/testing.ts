import type { Instrument, QuoteEvent, Side, TradeEvent } from "@pitlane/sdk";
import { compileHooks } from "./hooks/compile.ts";
import { type Intent, Order } from "./orders/order.ts";
import type { HookEvents, HookKind, Plugin } from "./plugins/define.ts";
import { setUpPlugins } from "./plugins/host.ts";

/** An instrument for tests: `AAA/USDT` with ticks of 0.01 and lots of 0.001 unless told otherwise. */
export function testInstrument(overrides: Partial<Instrument> = {}): Instrument {
  return {
    id: `test:${overrides.symbol ?? "AAA/USDT"}`,
    venue: "test",
    symbol: "AAA/USDT",
    venueSymbol: "AAAUSDT",
    base: "AAA",
    quote: "USDT",
    trading: true,
    priceDecimals: 2,
    sizeDecimals: 3,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional: 5_00000000n,
    ...overrides,
  };
}

export interface TestHostOptions {
  readonly plugin: Plugin;
  readonly instruments: readonly Instrument[];
  readonly config?: unknown;
}

/**
 * Runs one plugin on events that the test makes: no venue, no clock, no risk. What it wants is in `orders`; the test decides what becomes of them.
 *
 * @example
 * const host = await createTestHost({ plugin: myStrategy, instruments: [testInstrument()] });
 * host.quote({ bidTicks: 100, askTicks: 102 });
 * expect(host.orders[0]?.intent.side).toBe("buy");
 */
export interface TestHost {
  /** Every order the plugin wanted, oldest first; new ones are in state `accepted`. */
  readonly orders: readonly Order[];
  /** Lines the plugin logged. */
  readonly logged: readonly string[];
  quote(quote: { readonly bidTicks: number; readonly askTicks: number; readonly instrument?: Instrument }): void;
  trade(trade: {
    readonly priceTicks: number;
    readonly sizeLots?: number;
    readonly aggressor?: Side;
    readonly instrument?: Instrument;
  }): void;
  /** Fills an order in whole at its price (or `priceTicks`), moves the position and tells the plugin. */
  fill(order: Order, priceTicks?: number): void;
  /** Moves time on; the next events are received that much later. */
  advance(by: { readonly ms: number }): void;
}

/** @throws {InvalidInputError} When the config or the setup fails. */
export async function createTestHost({ plugin, instruments, config = {} }: TestHostOptions): Promise<TestHost> {
  const orders: Order[] = [];
  const logged: string[] = [];
  const positions = new Map<Instrument, number>();
  const quotes = new Map<Instrument, QuoteEvent>();
  let nowUs = 1_767_225_600_000_000;
  let sequence = 0;
  const open = (instrument: Instrument | undefined) =>
    orders.filter((order) => order.isOpen && (instrument === undefined || order.intent.instrument === instrument));
  const registered = await setUpPlugins(
    [plugin],
    { [plugin.name]: config },
    {
      instruments,
      submit: (owner, intent: Intent) => {
        const order = new Order(`test-${orders.length + 1}`, plugin.name, owner, intent);
        order.state = "accepted";
        orders.push(order);
        return order;
      },
      cancel: (view) => {
        const order = orders.find(({ clientOrderId }) => clientOrderId === view.clientOrderId);
        if (!order?.isOpen) return;
        order.state = "cancelled";
      },
      openOrders: (_owner, instrument) => open(instrument),
      book: () => undefined,
      quote: (instrument) => quotes.get(instrument),
      positionLots: (instrument) => positions.get(instrument) ?? 0,
      balance: () => 0n,
      nowUs: () => nowUs,
      log: (_plugin, message) => logged.push(message),
    },
  );
  const hooks = compileHooks(registered.hooks, instruments);
  const tell = <Kind extends HookKind>(kind: Kind, event: HookEvents[Kind]) => {
    for (const handler of hooks[kind][instruments.indexOf(event.instrument)]?.handlers ?? []) handler(event);
  };
  const received = (instrument: Instrument | undefined) => {
    const one = instrument ?? instruments[0];
    if (one === undefined) throw new Error("a test host needs an instrument");
    return { instrument: one, venueAtUs: nowUs, receivedAtUs: nowUs, receivedNs: nowUs * 1000 };
  };
  return {
    orders,
    logged,
    quote({ bidTicks, askTicks, instrument }) {
      const event: QuoteEvent = {
        kind: "quote",
        ...received(instrument),
        bidTicks,
        bidLots: 1000,
        askTicks,
        askLots: 1000,
        sequence: ++sequence,
      };
      quotes.set(event.instrument, event);
      tell("quote", event);
    },
    trade({ priceTicks, sizeLots = 1, aggressor = "buy", instrument }) {
      const event: TradeEvent = {
        kind: "trade",
        ...received(instrument),
        tradeId: ++sequence,
        priceTicks,
        sizeLots,
        aggressor,
        isBackfilled: false,
      };
      tell("trade", event);
    },
    fill(order, priceTicks = order.intent.priceTicks ?? 0) {
      const { instrument, side, sizeLots } = order.intent;
      order.state = "filled";
      order.filledLots = sizeLots;
      positions.set(instrument, (positions.get(instrument) ?? 0) + (side === "buy" ? sizeLots : -sizeLots));
      const { clientOrderId } = order;
      const fill = {
        instrument,
        clientOrderId,
        venueOrderId: "1",
        tradeId: String(++sequence),
        side,
        priceTicks,
        sizeLots,
        fee: 0n,
        feeAsset: instrument.quote,
        isMaker: order.intent.type !== "market",
        atUs: nowUs,
      };
      tell("fill", { kind: "fill", instrument, order, fill });
      tell("order", { kind: "order", instrument, order });
    },
    advance({ ms }) {
      nowUs += ms * 1000;
    },
  };
}
