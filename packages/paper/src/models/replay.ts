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
 * Without a speed the order of cause and effect is kept: at a recorded snapshot of a symbol whose depth somebody listens to, the replay
 * gives its request a moment to come and lets the answer be read, as in the time that passed when it was recorded.
 *
 * Back-pressure: it waits for any listener whose socket's buffer is full, and lets the event loop turn after every 64 frames, so
 * that a client in this process can read. Frames flow on while a request waits for a snapshot.
 *
 * @returns When every listener has answered a ping sent after the last frame.
 * @throws The signal's reason when `signal` aborts; what was sent stays sent.
 */
export async function replayRecording(options: ReplayOptions, signal: AbortSignal): Promise<ReplaySummary> {
  const { recording, hub, snapshots, clock, speed } = options;
  const mirrors = recording.product === "spot" ? mirrorsOf(options) : NO_MIRRORS;
  const startNs = clock.monotonicNs();
  let frames = 0;
  let snapshotCount = 0;
  const followed = new Set<string>(); // symbols of which a listener was sent depth
  snapshots.begin();
  cork(hub);
  try {
    for await (const item of recording.read(signal)) {
      if (speed > 0) {
        const dueNs = startNs + ((item.atUs - recording.firstAtUs) * 1000) / speed;
        const waitMs = (dueNs - clock.monotonicNs()) / 1e6;
        if (waitMs >= 1) {
          uncork(hub);
          await clock.sleep(waitMs, signal);
          cork(hub);
        }
      }
      if (item.kind === "snapshot") {
        snapshotCount++;
        snapshots.offer(item.symbol, item.text);
        mirrors.get(item.symbol.toLowerCase())?.applySnapshot(item.text, clock.nowUs());
        if (speed === 0 && followed.has(item.symbol.toLowerCase())) {
          uncork(hub);
          await handOver(options, item.symbol, signal);
          cork(hub);
        }
        continue;
      }
      frames++;
      const listeners = hub.find(item.stream);
      if (listeners !== undefined) {
        listeners.sendFrame(item.text);
        const at = item.stream.indexOf("@depth");
        if (at > 0) followed.add(item.stream.slice(0, at));
      }
      mirrorFrame(mirrors, item.stream, item.text, clock);
      if (frames % FRAMES_PER_BURST === 0) {
        uncork(hub);
        await turn();
        for (const { peer } of hub.sockets) if (peer.isBehind) await peer.caughtUp();
        signal.throwIfAborted();
        cork(hub);
      }
    }
  } finally {
    uncork(hub);
    snapshots.end();
  }
  await Promise.all([...hub.sockets].map(({ peer }) => peer.roundTrip()));
  return { frames, snapshots: snapshotCount };
}

/** Waits until a snapshot was asked for and its answer, sent before the pings, can have been read; not for ever, since nobody has to ask. */
async function handOver({ snapshots, hub, clock }: ReplayOptions, symbol: string, signal: AbortSignal): Promise<void> {
  const taken = new AbortController();
  await Promise.race([
    snapshots.taken(symbol),
    clock.sleep(HAND_OVER_MS, AbortSignal.any([signal, taken.signal])).catch(() => signal.throwIfAborted()),
  ]);
  taken.abort();
  await Promise.all([...hub.sockets].map(({ peer }) => peer.roundTrip()));
}

const NO_MIRRORS: ReadonlyMap<string, MirroredBook> = new Map();

// By lower-case symbol, as stream names begin.
function mirrorsOf({ exchange }: ReplayOptions): ReadonlyMap<string, MirroredBook> {
  return new Map(exchange.markets.map((market) => [market.instrument.symbol.toLowerCase(), new MirroredBook(market)]));
}

function mirrorFrame(mirrors: ReadonlyMap<string, MirroredBook>, stream: string, text: string, clock: Clock): void {
  const at = stream.indexOf("@");
  const mirror = mirrors.get(stream.slice(0, at));
  if (mirror === undefined) return;
  const kind = stream.slice(at + 1);
  if (kind === "depth" || kind === "depth@100ms") mirror.applyDepthFrame(text, clock.nowUs());
  else if (kind === "trade") mirror.applyTradeFrame(text, clock.nowUs());
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function cork(hub: StreamHub): void {
  for (const { peer } of hub.sockets) peer.cork();
}

function uncork(hub: StreamHub): void {
  for (const { peer } of hub.sockets) peer.uncork();
}
