import type { Instrument } from "@pitlane/sdk";
import type { Intent } from "../orders/order.ts";
import type { HostServices } from "./services.ts";

const MOST_TRIES = 3;

/**
 * What closes a position, at the market. Undefined when there is none, or it is smaller than the venue's steps. Pure.
 *
 * @param mostLots What can be sold: a fee taken in the base asset leaves less than was bought.
 */
function closingIntent(instrument: Instrument, lots: number, mostLots = Number.POSITIVE_INFINITY): Intent | undefined {
  const closableLots = Math.min(Math.abs(lots), instrument.maxLots, lots > 0 ? mostLots : Number.POSITIVE_INFINITY);
  const sizeLots = Math.floor(closableLots / instrument.lotIncrement) * instrument.lotIncrement;
  if (sizeLots < Math.max(instrument.minLots, 1)) return undefined;
  return { instrument, side: lots > 0 ? "sell" : "buy", type: "market", sizeLots };
}

/**
 * Brings what a plugin holds back to nothing: first its orders are cancelled, and once none is open any more the position that is left is
 * closed at the market. Both wait for the venue's word, so that a fill on the way is not overlooked.
 *
 * A closing order that is denied or fills in part is followed by another, three at most; then people are told.
 */
export class Flattener {
  readonly #services: HostServices;
  readonly #tell: (owner: number, message: string) => void;
  readonly #tries = new Map<number, number>();
  readonly #givenUp = new Set<number>();
  readonly #ordered = new Set<number>(); // closed by an operator's word, not by a policy of the plugin's own

  constructor(services: HostServices, tell: (owner: number, message: string) => void) {
    this.#services = services;
    this.#tell = tell;
  }

  /** Something is still being closed. */
  get isBusy(): boolean {
    return this.#tries.size > 0;
  }

  /** A position could not be closed. */
  get isGivenUp(): boolean {
    return this.#givenUp.size > 0;
  }

  /** @param isOrdered An operator wants it: `stopOrdered` ends it. */
  start(owner: number, isOrdered = false): void {
    if (!isOrdered) this.#ordered.delete(owner);
    else if (!this.#tries.has(owner)) this.#ordered.add(owner);
    this.#tries.set(owner, 0);
    this.#givenUp.delete(owner);
    for (const order of this.#services.openOrders(owner, undefined)) this.#services.cancel(order);
    this.onOrderNews(owner);
  }

  /** What an operator had closed, and still is held, is kept. @param why For people: trading goes on, say. */
  stopOrdered(why: string): void {
    for (const owner of this.#ordered) {
      if (!this.#tries.delete(owner)) continue;
      this.#givenUp.add(owner);
      this.#tell(owner, `its position is not closed: ${why}`);
    }
    this.#ordered.clear();
  }

  /** An order of `owner` has changed. */
  onOrderNews(owner: number): void {
    const tries = this.#tries.get(owner);
    if (tries === undefined || this.#services.openOrders(owner, undefined).length > 0) return;
    const closing = this.#closing(owner);
    if (closing.length === 0) {
      this.#tries.delete(owner);
      return;
    }
    if (tries === MOST_TRIES) {
      this.#tries.delete(owner);
      this.#givenUp.add(owner);
      const left = closing.map(({ instrument, side, sizeLots }) => `${side} ${sizeLots} lots of ${instrument.id}`);
      return this.#tell(owner, `its position is not closed after ${MOST_TRIES} tries: ${left.join(", ")} would`);
    }
    this.#tries.set(owner, tries + 1);
    for (const intent of closing) this.#submit(owner, intent);
  }

  #submit(owner: number, intent: Intent): void {
    const services = this.#services;
    if (services.close === undefined) services.submit(owner, intent);
    else services.close(owner, intent);
  }

  #closing(owner: number): readonly Intent[] {
    const services = this.#services;
    if (services.ownLots === undefined) {
      this.#tell(owner, "this host does not know what it holds: its orders are cancelled, its position stays");
      return [];
    }
    const lotsOf = (instrument: Instrument) => services.ownLots?.(owner, instrument) ?? 0;
    return services.instruments.flatMap((instrument) => {
      const lots = lotsOf(instrument);
      return lots === 0 ? [] : (closingIntent(instrument, lots, services.sellableLots?.(instrument)) ?? []);
    });
  }
}
