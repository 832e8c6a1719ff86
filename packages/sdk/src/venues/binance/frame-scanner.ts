import type { Instrument } from "../../model/instrument.ts";
import type { Route, Scanner } from "./decode.ts";
import { FrameMemory } from "./frame-memory.ts";
import { type FrameSink, newBarFrame, newQuoteFrame, newTradeFrame } from "./frames.ts";
import { scanBar } from "./scan-bar.ts";
import { scanDepth, scanQuote, scanTrade } from "./scan-frames.ts";
import { LevelForm } from "./scan-levels.ts";
import { prefixOf, ScanRoutes } from "./scan-routes.ts";

/** A stream whose frames are scanned. */
interface Scanned<T> extends Route<T> {
  readonly target: T;
  readonly instrument: Instrument;
  readonly symbol: Uint8Array;
  readonly form: LevelForm;
  readonly prefix: Uint8Array;
}

// More than the streams of any connection: names come from the venue, and what it sends must not grow us without end.
const MOST_SCANNED = 4_096;

/** Reads frames of the documented form from their bytes, without a string or an object; whatever else it leaves to its decoder. */
export class FrameScanner<T extends { readonly instrument: Instrument }> implements Scanner<T> {
  readonly #routes = new ScanRoutes<Scanned<T>>();
  readonly #quote = newQuoteFrame();
  readonly #trade = newTradeFrame();
  readonly #bar = newBarFrame();
  readonly #out = new Float64Array(10); // numbers of the frame being scanned
  #memory: FrameMemory | undefined; // made by the first depth frame

  learn(stream: string, { kind, target, interval }: Route<T>): void {
    const prefix = prefixOf(stream);
    if (target === undefined || kind === "other" || prefix === undefined) return;
    if (this.#routes.count >= MOST_SCANNED || this.#routes.find(prefix) !== undefined) return;
    const { instrument } = target;
    const symbol = Buffer.from(instrument.venueSymbol);
    this.#routes.add({ kind, target, interval, instrument, symbol, form: new LevelForm(instrument), prefix });
  }

  tryScan(data: Buffer, sink: FrameSink<T>): boolean {
    const route = this.#routes.find(data);
    if (route === undefined) return false;
    const at = route.prefix.length;
    const { target } = route;
    switch (route.kind) {
      case "depth": {
        this.#memory ??= new FrameMemory();
        if (!this.#memory.tryTake(data) || !scanDepth(data, this.#memory, at, route, this.#out)) return false;
        sink.depth(target, this.#memory.diff);
        return true;
      }
      case "quote":
        if (!scanQuote(data, at, route, this.#quote, this.#out)) return false;
        sink.quote(target, this.#quote);
        return true;
      case "bar":
        if (!scanBar(data, at, route, this.#bar, this.#out)) return false;
        this.#bar.interval = route.interval;
        sink.bar(target, this.#bar);
        return true;
      default:
        if (!scanTrade(data, at, route, route.kind === "aggTrade", this.#trade, this.#out)) return false;
        sink.trade(target, this.#trade);
        return true;
    }
  }
}
