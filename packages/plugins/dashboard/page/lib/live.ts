import { toPoint } from "../../src/point.ts";
import type {
  Alert,
  AlertsInfo,
  Behind,
  JournalHead,
  LogLine,
  MarketPush,
  Point,
  SessionInfo,
  SessionSample,
  StreamEvents,
} from "../../src/protocol.ts";
import { type Api, ApiError } from "./api.ts";
import { createStore, type Store } from "./store.ts";

/** How the page stands with the session. `locked`: it does not know us, as after a restart with another token. */
export type Link = "connecting" | "live" | "lost" | "locked";

/** Points kept: a quarter of an hour, as the session keeps. */
export const POINTS = 900;
const LINES = 500;
const RETRY_MS = 1000;
const ASLEEP_AFTER_MS = 10_000;

/** The session as the page knows it now. Each store is one thing that views watch. */
export interface Live {
  readonly link: Store<Link>;
  readonly session: Store<SessionInfo | undefined>;
  readonly sample: Store<SessionSample | undefined>;
  /** Oldest first. */
  readonly points: Store<readonly Point[]>;
  readonly market: Store<MarketPush | undefined>;
  readonly alerts: Store<AlertsInfo>;
  readonly log: Store<readonly LogLine[]>;
  /** Heads of the journal's last rows, newest first. */
  readonly rows: Store<readonly JournalHead[]>;
  /** When figures stopped being put in place, milliseconds since the epoch; undefined while they are. */
  readonly heldSinceMs: Store<number | undefined>;
  /** What this page was too slow for, since it was opened. */
  readonly missed: Store<number>;
  /** Puts no figures in place until it is called with false. Alerts come all the same. */
  hold(isHeld: boolean): void;
  /** Watches the market of `instrument`, or of none. */
  watch(instrument: string | undefined): void;
}

/** What a page has to offer to its connection; a window has. */
export type LinkHost = Pick<Window, "setTimeout"> & {
  readonly EventSource: typeof EventSource;
  readonly document: Pick<Document, "hidden" | "addEventListener">;
};

/**
 * Keeps the stores as the session is: asks for what there is, then follows the stream, and starts again when the connection is lost or
 * another run has taken the place of this one.
 *
 * `EventSource` comes back by itself while the network fails, but gives up for good at an answer that is not 200: then the session is
 * asked for every second, because a runtime that is started anew is soon there again.
 *
 * A page that nobody has seen for 10 s gives its stream up, and asks for what it missed when it is seen again: a browser keeps six connections
 * to one server, and streams of forgotten tabs would leave none for the one that is looked at.
 */
export function connect(api: Api, host: LinkHost): Live {
  const live = {
    link: createStore<Link>("connecting"),
    session: createStore<SessionInfo | undefined>(undefined),
    sample: createStore<SessionSample | undefined>(undefined),
    points: createStore<readonly Point[]>([]),
    market: createStore<MarketPush | undefined>(undefined),
    alerts: createStore<AlertsInfo>({ active: [], resolved: [], rules: [] }),
    log: createStore<readonly LogLine[]>([]),
    rows: createStore<readonly JournalHead[]>([]),
    heldSinceMs: createStore<number | undefined>(undefined),
    missed: createStore(0),
  };
  let instrument: string | undefined;
  let stream: EventSource | undefined;
  let isFresh = false; // loaded, and no stream has said hello since
  let attempt = 0; // of the latest connection: what an earlier one still brings is not ours
  let isAsleep = false;
  let hidings = 0;

  const isHeld = () => live.heldSinceMs.get() !== undefined;

  const load = async (mine: number) => {
    const [session, points, alerts, log] = await Promise.all([
      api.get<SessionInfo>("session"),
      api.get<readonly Point[]>("recent"),
      api.get<AlertsInfo>("alerts"),
      api.get<readonly LogLine[]>("logs"),
    ]);
    if (mine !== attempt) return;
    if (session.run.id !== live.session.get()?.run.id) {
      live.sample.set(undefined);
      live.market.set(undefined);
      live.rows.set([]);
    }
    live.session.set(session);
    live.points.set(points);
    live.alerts.set(alerts);
    live.log.set(log);
  };

  const on = <Name extends keyof StreamEvents>(
    source: EventSource,
    name: Name,
    take: (data: StreamEvents[Name]) => void,
  ) => source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));

  const open = () => {
    const source = new host.EventSource(
      `/api/stream${instrument === undefined ? "" : `?instrument=${encodeURIComponent(instrument)}`}`,
    );
    stream = source;
    on(source, "hello", ({ runId }) => {
      const isSame = runId === live.session.get()?.run.id;
      const wasLost = live.link.get() !== "live" && !isFresh;
      isFresh = false;
      live.link.set("live");
      // Seconds that were lost meanwhile are asked for, and everything of a new run.
      if (!isSame || wasLost) load(attempt).catch(() => lose(source));
    });
    on(source, "sample", (sample) => {
      if (isHeld()) return;
      live.sample.set(sample);
      const last = live.points.get().at(-1);
      if (last === undefined || last.atUs < sample.atUs)
        live.points.update((points) => [...points.slice(1 - POINTS), toPoint(sample)]);
    });
    on(source, "market", (market) => {
      if (!isHeld()) live.market.set(market);
    });
    on(source, "alert", (alert) => live.alerts.update((alerts) => withAlert(alerts, alert)));
    on(source, "log", (line) => {
      if (!isHeld()) live.log.update((lines) => [...lines.slice(1 - LINES), line]);
    });
    on(source, "journal", ({ rows }) => {
      if (!isHeld()) live.rows.update((before) => [...rows.toReversed(), ...before].slice(0, LINES));
    });
    on(source, "behind", (behind) => live.missed.update((missed) => missed + sumOf(behind)));
    source.onerror = () => lose(source);
  };

  const lose = (source: EventSource) => {
    if (source !== stream) return;
    if (live.link.get() === "live") live.link.set("lost");
    if (source.readyState !== host.EventSource.CLOSED) return;
    stream = undefined;
    host.setTimeout(start, RETRY_MS);
  };

  const start = () => {
    if (isAsleep) return;
    const mine = ++attempt;
    load(mine).then(
      () => {
        if (mine !== attempt) return;
        isFresh = true;
        open();
      },
      (error: unknown) => {
        if (mine !== attempt) return;
        const isLocked = error instanceof ApiError && error.status === 401;
        live.link.set(isLocked ? "locked" : live.session.get() === undefined ? "connecting" : "lost");
        host.setTimeout(start, RETRY_MS);
      },
    );
  };

  const sleep = (since: number) => {
    if (!host.document.hidden || since !== hidings) return; // it was seen meanwhile
    isAsleep = true;
    attempt++;
    stream?.close();
    stream = undefined;
  };
  const look = () => {
    if (host.document.hidden) {
      const since = ++hidings;
      host.setTimeout(() => sleep(since), ASLEEP_AFTER_MS);
    } else if (isAsleep) {
      isAsleep = false;
      start();
    }
  };
  host.document.addEventListener("visibilitychange", look);

  start();
  look();
  return {
    ...live,
    hold(isHeldNow) {
      live.heldSinceMs.set(isHeldNow ? Date.now() : undefined);
      if (!isHeldNow) load(attempt).catch(() => live.link.set("lost"));
    },
    watch(next) {
      if (next === instrument) return;
      instrument = next;
      live.market.set(undefined);
      if (stream === undefined) return; // the next connection will ask for it
      stream.close();
      open();
    },
  };
}

/** The alerts with what has become of one of them, worst first, then newest. Pure. */
export function withAlert(alerts: AlertsInfo, alert: Alert): AlertsInfo {
  const active = alerts.active.filter(({ id }) => id !== alert.id);
  const resolved = alerts.resolved.filter(({ id }) => id !== alert.id);
  if (alert.state === "resolved") return { ...alerts, active, resolved: [alert, ...resolved].slice(0, 100) };
  const rank = ({ severity }: Alert) => (severity === "critical" ? 0 : 1);
  return {
    ...alerts,
    active: [alert, ...active].sort((a, b) => rank(a) - rank(b) || b.raisedAtUs - a.raisedAtUs),
    resolved,
  };
}

function sumOf(behind: Behind): number {
  return behind.sample + behind.market + behind.log + behind.journal;
}
