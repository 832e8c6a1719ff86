import type { Clock } from "@pitlane/perf";
import type { Exchange } from "../engine/exchange.ts";
import type { Recording } from "../recording/index.ts";
import type { StreamHub } from "../wire/binance/stream-hub.ts";
import { MirroredBook } from "./mirrored-book.ts";
import type { RecordedSnapshots } from "./recorded-snapshots.ts";

export interface ReplayOptions {
  readonly recording: Recording;
  readonly hub: StreamHub;
  readonly snapshots: RecordedSnapshots;
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** 0 as fast as the readers take it, 1 as recorded, 10 ten times as fast. */
  readonly speed: number;
}

/** What a replay has sent. */
export interface ReplaySummary {
  readonly frames: number;
  readonly snapshots: number;
}

const FRAMES_PER_BURST = 64;
const HAND_OVER_MS = 250;

/**
 * Sends a recording to whoever listens, every frame as recorded and in order, and mirrors its books for orders (spot only).
 *
 * Back-pressure: it waits for any listener whose socket's buffer is full, and lets the event loop turn after every 64 frames, so
 * that a client in this process can read. Frames flow on while a request waits for a snapshot.
 *
 * Without a speed the order of cause and effect is still kept: at the recorded snapshot of a symbol whose depth somebody was sent, it
 * gives the request for it a moment to come and its answer a moment to be read, as there was when it was recorded.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #mirrors: ReadonlyMap<string, MirroredBook>; // by lower-case symbol, as stream names begin

  constructor(options: ReplayOptions) {
    this.#options = options;
    const markets = options.recording.product === "spot" ? options.exchange.markets : [];
    this.#mirrors = new Map(
      markets.map((market) => [market.instrument.symbol.toLowerCase(), new MirroredBook(market)]),
    );
  }

  /**
   * Plays it once, from its start; one run at a time.
   *
   * @returns When every listener has answered a ping sent after the last frame.
   * @throws The signal's reason when `signal` aborts; what was sent stays sent.
   */
  async run(signal: AbortSignal): Promise<ReplaySummary> {
    const { recording, hub, snapshots, clock, speed } = this.#options;
    const startNs = clock.monotonicNs();
    let frames = 0;
    let snapshotCount = 0;
    const followed = new Set<string>(); // lower-case symbols of which a listener was sent depth
    for (const mirror of this.#mirrors.values()) mirror.clear(clock.nowUs());
    snapshots.begin();
    try {
      for await (const item of recording.read(signal)) {
        const wait = this.#untilDue(item.atUs, startNs, signal);
        if (wait !== undefined) await wait;
        if (item.kind === "snapshot") {
          snapshotCount++;
          snapshots.offer(item.symbol, item.text);
          this.#mirrors.get(item.symbol.toLowerCase())?.applySnapshot(item.text, clock.nowUs());
          if (speed === 0 && followed.has(item.symbol.toLowerCase())) await this.#handOver(item.symbol, signal);
          continue;
        }
        frames++;
        const listeners = hub.find(item.stream);
        if (listeners !== undefined) {
          listeners.sendFrame(item.text);
          const at = item.stream.indexOf("@depth");
          if (at > 0) followed.add(item.stream.slice(0, at));
        }
        this.#mirror(item.stream, item.text);
        if (frames % FRAMES_PER_BURST === 0) {
          await this.#letReadersCatchUp(signal);
        }
      }
    } finally {
      snapshots.end();
    }
    await Promise.all([...hub.sockets].map(({ peer }) => peer.roundTrip(signal)));
    return { frames, snapshots: snapshotCount };
  }

  // A promise only where there is something to wait for.
  #untilDue(atUs: number, startNs: number, signal: AbortSignal): Promise<void> | undefined {
    const { recording, clock, speed } = this.#options;
    if (speed === 0) return undefined;
    const dueNs = startNs + ((atUs - recording.firstAtUs) * 1000) / speed;
    const waitMs = (dueNs - clock.monotonicNs()) / 1e6;
    return waitMs >= 1 ? clock.sleep(waitMs, signal) : undefined;
  }

  /** Waits until the snapshot was asked for and answered; not for long, since nobody has to ask. */
  async #handOver(symbol: string, signal: AbortSignal): Promise<void> {
    const { snapshots, hub, clock } = this.#options;
    const taken = new AbortController();
    const patience = clock.sleep(HAND_OVER_MS, AbortSignal.any([signal, taken.signal]));
    await Promise.race([snapshots.taken(symbol), patience.catch(() => signal.throwIfAborted())]);
    taken.abort();
    // The pings leave after the answer, so a reader that has answered them can have read it.
    await Promise.all([...hub.sockets].map(({ peer }) => peer.roundTrip(signal)));
  }

  async #letReadersCatchUp(signal: AbortSignal): Promise<void> {
    const { hub } = this.#options;
    await new Promise((resolve) => setImmediate(resolve));
    for (const { peer } of hub.sockets) if (peer.isBehind) await peer.caughtUp(signal);
  }

  #mirror(stream: string, frame: string): void {
    const at = stream.indexOf("@");
    const mirror = this.#mirrors.get(stream.slice(0, at));
    if (mirror === undefined) return;
    const kind = stream.slice(at + 1);
    const nowUs = this.#options.clock.nowUs();
    if (kind === "depth" || kind === "depth@100ms") mirror.applyDepthFrame(frame, nowUs);
    else if (kind === "trade") mirror.applyTradeFrame(frame, nowUs);
  }
}
