import type { MarketEvent, TradeEvent } from "@pitlane/sdk";

/** Who wants to hear the public trades of an instrument beside the session. At no cost while nobody does. */
export class TradeListeners {
  readonly #byInstrument = new Map<string, Set<(trade: TradeEvent) => void>>();
  readonly #onFault: (error: Error) => void;

  /** @param onFault Told what a listener threw; it is not called again. */
  constructor(onFault: (error: Error) => void) {
    this.#onFault = onFault;
  }

  get isUsed(): boolean {
    return this.#byInstrument.size > 0;
  }

  /** @returns Ends it. */
  add(instrumentId: string, listener: (trade: TradeEvent) => void): () => void {
    const listeners = this.#byInstrument.get(instrumentId) ?? new Set();
    this.#byInstrument.set(instrumentId, listeners);
    listeners.add(listener);
    return () => this.#remove(instrumentId, listener);
  }

  /** Any market event: those that are no trades are passed over. */
  tell(event: MarketEvent): void {
    if (event.kind !== "trade") return;
    const { id } = event.instrument;
    for (const listener of this.#byInstrument.get(id) ?? []) {
      try {
        listener(event);
      } catch (error) {
        this.#remove(id, listener);
        this.#onFault(error as Error);
      }
    }
  }

  #remove(id: string, listener: (trade: TradeEvent) => void): void {
    const listeners = this.#byInstrument.get(id);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#byInstrument.delete(id);
  }
}
