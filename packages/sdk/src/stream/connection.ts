import type { Clock, Random } from "@pitlane/perf";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import { type Attempt, Dialer, type HandshakeHeaders, toError } from "./dial.ts";
import type { Keepalive } from "./keepalive.ts";
import { type Link, type LinkEnd, type LinkOptions, type PingOptions, SocketLink } from "./link.ts";

export interface ConnectionOptions {
  /** Where to connect: asked at every attempt, and told how it went. */
  readonly endpoints: EndpointChoice;
  /** Path and query behind the endpoint's URL, asked at every attempt; default nothing. */
  readonly target?: () => string;
  /** Headers of the handshake, asked at every attempt: cookies of a session, say. A failure of it is a failed attempt. */
  readonly headers?: () => HandshakeHeaders | Promise<HandshakeHeaders>;
  /** The handshake was refused with HTTP 401 or 403: true when the credentials were renewed, so that it is tried again at once. */
  readonly onRefused?: (status: number) => Promise<boolean>;
  /**
   * Called on every open, before the first frame. Subscribe on `link` and call its `ready` when that is confirmed, here already
   * where nothing is to be confirmed: only then does a successor take over.
   */
  readonly onOpen: (link: Link) => void;
  /**
   * Called for every frame, synchronously from the socket, with the moment it reached us: frames that were read together have
   * one. Must not throw. `data` is valid only during the call, as the socket reads into the same memory again: copy what is kept.
   * While a successor takes over, frames of both sockets come, told apart by `link`.
   */
  readonly onFrame: (data: Buffer, isBinary: boolean, receivedAtUs: number, receivedNs: number, link: Link) => void;
  /** Called once for every open socket that is lost, before any attempt to reconnect; not after `close`, not for one that was left. */
  readonly onLost: (reason: string, link: Link) => void;
  /** Called when a socket that was left, after another took over, is closed: no frame of it comes any more. */
  readonly onLeft?: (link: Link) => void;
  /** Every loss and every failed attempt. The connection goes on by itself. */
  readonly onError: (error: Error) => void;
  /** Called about ten times a second, with the monotonic time: for what is due besides frames. */
  readonly onTick?: (nowNs: number) => void;
  /** Limit for connecting, in milliseconds, 1 to 600,000; while another endpoint is left, 1,200 at most. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** A socket that brought nothing for this long, not even a ping, is dead, in milliseconds; 10 to 3,600,000, default 75,000. */
  readonly silenceMs?: number;
  /** Default every 20 s, to be answered within 10 s. False: none. */
  readonly ping?: PingOptions | false;
  /** Made by `keepalive`. Default none. */
  readonly keepalive?: Keepalive;
  /** Age at which a socket is replaced without a gap, in milliseconds, 1,000 to 2^31; up to 5 % less by chance. Default never. */
  readonly lifeMs?: number;
  /** Largest frame, in bytes, 1 to 2^30; a larger one ends the socket. Default 1 MiB. */
  readonly maxFrameBytes?: number;
  /** How long a peer gets to answer our close frame, in milliseconds, 1 to 600,000; default 5,000. */
  readonly closeTimeoutMs?: number;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  /** Hears what becomes of the connection. */
  readonly watch?: ConnectionWatch | undefined;
}

/** Gets a connection's options and gives back those to use, with callbacks that it hears: see `watchConnections`. */
export type ConnectionWatch = (options: ConnectionOptions) => ConnectionOptions;

const TICK_MS = 100;
const STEADY_NS = 10e9; // a socket that lived this long clears the count of failures
const READY_WITHIN_NS = 15e9; // of a successor; the socket before it lives on meanwhile
const LINGER_MS = 1_000; // what was on its way over the socket that is left still arrives

/**
 * One WebSocket that stays: it reconnects until closed, to the endpoint that is best then, and leaves one that is given up at
 * once. Pings are answered and sent; a socket that is silent, or does not answer, is replaced. What was sent over it is not
 * repeated: `onOpen` says it again.
 *
 * A planned change costs no gap: `recycle`, and the end of `lifeMs`, open a second socket, which takes over when it is ready;
 * the first is closed a second later, and until then frames of both arrive. Who counts sequences drops what comes twice; who
 * does not can ask `link.isCurrent`.
 *
 *   dial -> open -> ready ----------------------> lost -> dial (0 to 250 ms later, doubling to 30 s)
 *                     \-- recycle: dial -> open -> ready: takes over
 *
 * @example
 * const connection = new Connection({ endpoints, target: () => "/ws/btcusdt@trade", onOpen: (link) => link.ready(), onFrame, onLost, onError, clock, random });
 * await connection.close();
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #linkOptions: LinkOptions;
  readonly #lifeMs: number; // 0: without end
  readonly #dialer: Dialer;
  readonly #stop = new AbortController();
  readonly #forgetDown: () => void;
  readonly #ticker: NodeJS.Timeout;
  readonly #tickNs: number;
  #tickedNs: number;
  #attempt: { readonly link: SocketLink; readonly settle: (end: LinkEnd | undefined) => void } | undefined;
  #isDialing = false;
  #current: SocketLink | undefined;
  #successor: SocketLink | undefined; // open, and not ready yet
  readonly #left = new Map<SocketLink, NodeJS.Timeout>();
  #recycleNs = Number.POSITIVE_INFINITY; // when the current one is old
  #endpoint: Endpoint | undefined;
  #closed: Promise<void> | undefined;

  /** Starts connecting at once, with options as they are: the venue kit hands out a `Connection` that checks them. */
  constructor(given: ConnectionOptions) {
    const options = given.watch?.(given) ?? given;
    const { endpoints, headers, onRefused, onError, clock, random } = options;
    this.#options = options;
    this.#linkOptions = this.#linkOptionsOf(options);
    this.#lifeMs = options.lifeMs ?? 0;
    const open = (endpoint: Endpoint, given: HandshakeHeaders | undefined) => this.#open(endpoint, given);
    this.#dialer = new Dialer({ endpoints, headers, onRefused, onError, open, clock, random });
    this.#forgetDown = endpoints.onDown((endpoint, reason) => this.#onDown(endpoint, reason));
    const tickMs = Math.min(TICK_MS, Math.ceil(this.#linkOptions.silenceMs / 4));
    this.#tickNs = tickMs * 1e6;
    this.#tickedNs = clock.monotonicNs();
    this.#ticker = setInterval(() => this.#tick(), tickMs);
    this.#dial(0);
  }

  /** Where the present socket is or, while there is none, where one is being opened; undefined before the first attempt. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint;
  }

  /** Whether there is a socket whose `ready` was called. */
  get isReady(): boolean {
    return this.#current?.isReady ?? false;
  }

  /** Sends a text frame over the present socket; false when none is open. */
  trySend(text: string): boolean {
    return this.#current?.trySend(text) ?? false;
  }

  /**
   * Replaces the present socket without a gap. Does nothing while that, or connecting, is under way.
   * @param avoided - An endpoint to go to only if there is no other.
   */
  recycle(avoided?: Endpoint): void {
    this.#recycleNs = Number.POSITIVE_INFINITY;
    if (this.#current !== undefined && this.#successor === undefined) this.#dial(0, avoided);
  }

  /** Closes for good; resolves when the sockets are gone. Nothing is called back afterwards. */
  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  #linkOptionsOf(options: ConnectionOptions): LinkOptions {
    const { connectTimeoutMs = 5_000, silenceMs = 75_000, maxFrameBytes = 2 ** 20, closeTimeoutMs = 5_000 } = options;
    const { ping = { everyMs: 20_000, withinMs: 10_000 }, keepalive, clock, onFrame } = options;
    return {
      connectTimeoutMs,
      silenceMs,
      maxFrameBytes,
      closeTimeoutMs,
      ping: ping === false ? undefined : ping,
      keepalive,
      clock,
      onFrame,
      onOpen: (link) => this.#onOpen(link),
      onReady: (link) => this.#onReady(link),
      onSuspect: (link) => this.#onSuspect(link),
      onEnd: (link, end) => this.#onEnd(link, end),
    };
  }

  /** One dial at a time: it ends with the open of a socket. */
  #dial(afterMs: number, avoided?: Endpoint): void {
    if (this.#isDialing) return;
    this.#isDialing = true;
    void this.#dialer.dial(afterMs, avoided, this.#stop.signal);
  }

  #open(endpoint: Endpoint, headers: HandshakeHeaders | undefined): Attempt {
    const link = new SocketLink(endpoint, this.#options.target?.() ?? "", headers, this.#linkOptions);
    if (this.#current === undefined) this.#endpoint = endpoint;
    const ended = new Promise<LinkEnd | undefined>((settle) => {
      this.#attempt = { link, settle };
    });
    return { ended, abandon: (reason) => link.blame(reason) };
  }

  #settleAttempt(end: LinkEnd | undefined): void {
    this.#attempt?.settle(end);
    this.#attempt = undefined;
  }

  #onOpen(link: SocketLink): void {
    const { endpoints, onOpen } = this.#options;
    this.#isDialing = false;
    this.#settleAttempt(undefined);
    endpoints.succeeded(link.endpoint, (link.openedNs - link.dialedNs) / 1e6);
    if (this.#current === undefined) this.#setCurrent(link);
    else this.#successor = link;
    onOpen(link);
  }

  #onReady(link: SocketLink): void {
    const before = this.#current;
    if (link !== this.#successor || before === undefined) return;
    this.#successor = undefined;
    this.#setCurrent(link);
    before.isCurrent = false;
    const timer = setTimeout(() => {
      this.#options.onLeft?.(before);
      void before.close().then(() => this.#left.delete(before));
    }, LINGER_MS);
    this.#left.set(before, timer);
  }

  #setCurrent(link: SocketLink): void {
    this.#current = link;
    this.#endpoint = link.endpoint;
    link.isCurrent = true;
    const lifeNs = this.#lifeMs * 1e6 * (1 - 0.05 * this.#options.random.next());
    this.#recycleNs = this.#lifeMs === 0 ? Number.POSITIVE_INFINITY : link.openedNs + lifeNs;
  }

  #onEnd(link: SocketLink, end: LinkEnd): void {
    if (!end.wasOpen) return this.#settleAttempt(end); // the dialer tells
    const leaving = this.#left.get(link);
    if (leaving !== undefined) {
      clearTimeout(leaving); // it was left, and nobody minds
      this.#left.delete(link);
      this.#options.onLeft?.(link);
      return;
    }
    const { endpoints, onLost, onError, clock } = this.#options;
    const wasCurrent = link === this.#current;
    const next = wasCurrent ? this.#successor : undefined;
    this.#successor = undefined; // it is the one that ended, or takes over
    if (wasCurrent) this.#current = undefined;
    link.isCurrent = false;
    if (next !== undefined) this.#setCurrent(next); // not ready yet, but there is nothing better
    const error = toError(link.endpoint, end);
    if (end.isItsFault) endpoints.failed(link.endpoint, error);
    onLost(end.reason, link);
    onError(error);
    if (this.#stop.signal.aborted || next !== undefined) return; // one of these may have closed it
    if (clock.monotonicNs() - link.openedNs >= STEADY_NS) this.#dialer.reset();
    // An endpoint that was given up is not picked again: there is no reason to wait.
    this.#dial(end.isEndpointDown ? 0 : Math.max(end.afterMs, this.#dialer.pauseMs()));
  }

  #onSuspect({ endpoint, isCurrent }: SocketLink): void {
    this.#options.endpoints.suspect?.(endpoint);
    if (isCurrent) this.recycle(endpoint);
  }

  #onDown(endpoint: Endpoint, reason: string): void {
    for (const link of [this.#attempt?.link, this.#successor, this.#current]) {
      if (link?.endpoint === endpoint) link.leaveEndpoint(`its endpoint is down: ${reason}`);
    }
  }

  #tick(): void {
    const nowNs = this.#options.clock.monotonicNs();
    const isLate = nowNs - this.#tickedNs > this.#tickNs + 1e9;
    this.#tickedNs = nowNs;
    // After the process was held up, what came meanwhile is not read yet: nothing is judged before the next tick.
    if (!isLate) {
      this.#successor?.tick(nowNs);
      this.#current?.tick(nowNs);
      const waitedNs = nowNs - (this.#successor?.openedNs ?? nowNs);
      if (waitedNs >= READY_WITHIN_NS) this.#successor?.drop(`it was not ready in ${READY_WITHIN_NS / 1e9} s`);
      if (nowNs >= this.#recycleNs) this.recycle();
    }
    this.#options.onTick?.(nowNs);
  }

  async #shut(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    clearInterval(this.#ticker);
    this.#forgetDown();
    for (const timer of this.#left.values()) clearTimeout(timer);
    const links = [this.#attempt?.link, this.#successor, this.#current, ...this.#left.keys()];
    this.#settleAttempt(undefined);
    this.#current = undefined;
    this.#successor = undefined;
    await Promise.all(links.map((link) => link?.close()));
  }
}
