import type { IncomingMessage, ServerResponse } from "node:http";
import type { ObservedSession } from "pitlane";
import { every } from "./every.ts";
import type { MarketDesk } from "./market-desk.ts";
import type { PushHub } from "./push.ts";
import type { Reader } from "./reading/reader.ts";
import { HttpError } from "./reply.ts";

const MARKET_EVERY_MS = 250;
const JOURNAL_EVERY_MS = 500;
const LOOK_EVERY_MS = 1000;
const MOST_ROWS = 50;

export interface StreamParts {
  readonly session: ObservedSession;
  readonly hub: PushHub;
  readonly markets: MarketDesk;
  readonly reader: Reader;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

/** Opens a stream of events for one page. @throws {HttpError} When the instrument is unknown or there are too many pages. */
export function openStream(request: IncomingMessage, response: ServerResponse, url: URL, parts: StreamParts): void {
  const { session, hub, markets } = parts;
  const instrument = url.searchParams.get("instrument") ?? undefined;
  if (instrument !== undefined && !session.instruments.some(({ id }) => id === instrument))
    throw new HttpError(404, "there is no such instrument in this session");
  if (request.method === "HEAD") throw new HttpError(405, "a stream is there to be read");
  const client = hub.add(response, instrument, () => markets.watch(hub.instruments));
  if (client === undefined) throw new HttpError(503, "too many pages are open: close some");
  markets.watch(hub.instruments);
  const { run, clock, samples } = session;
  hub.sendTo(client, "hello", { runId: run.id, startedAtUs: run.startedAtUs, serverTimeUs: clock.nowUs() });
  if (samples.latest !== undefined) hub.sendTo(client, "sample", samples.latest);
  const market = instrument === undefined ? undefined : markets.look(instrument, 20);
  if (market !== undefined) hub.sendTo(client, "market", market);
}

/**
 * Feeds the streams from the session until the signal aborts. While no page is open this comes to four wake-ups a second that find nothing to
 * do, and the journal is not read.
 */
export function feedStreams({ session, hub, markets, reader, signal }: StreamParts): void {
  const { samples, alerts, clock } = session;
  const stops = [
    samples.onSample((sample) => hub.send("sample", sample)),
    alerts.onChange((alert) => hub.send("alert", alert)),
    session.onLog((line) => hub.send("log", line)),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    markets.close();
  });
  const said = new Set<string>();
  const complain = ({ message }: Error) => {
    if (said.has(message) || said.size > 100) return; // it would come again and again
    said.add(message);
    session.log("dashboard", message);
  };
  const pushMarkets = () => {
    for (const [instrument, push] of markets.changes()) hub.send("market", push, instrument);
  };
  let after: number | undefined;
  const pushJournal = async () => {
    if (hub.size === 0) {
      after = undefined; // the next page begins at the journal's end
      return;
    }
    const { rows, last, skipped } = await reader.read("tail", { path: session.journalPath, after, limit: MOST_ROWS });
    after = last;
    if (rows.length > 0) hub.send("journal", { rows, skipped });
  };
  void every(MARKET_EVERY_MS, pushMarkets, complain, clock, signal);
  void every(JOURNAL_EVERY_MS, pushJournal, complain, clock, signal);
  void every(LOOK_EVERY_MS, () => hub.tick(), complain, clock, signal);
}
