import { InvalidInputError } from "@pitlane/perf";
import { shown } from "../../checks.ts";
import { drawAddress } from "../../models/axiom-births.ts";
import { TokenMarket } from "../../models/axiom-market.ts";
import type { Trader } from "../../models/axiom-token.ts";
import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { AddressLimit } from "./address-limit.ts";
import { BnbSocket } from "./bnb-socket.ts";
import { ClusterSocket } from "./cluster-socket.ts";
import type { AxiomControls, AxiomSession } from "./controls.ts";
import { ACCESS_COOKIE, REFRESH_COOKIE } from "./cookies.ts";
import { EucalyptusSocket } from "./eucalyptus-socket.ts";
import { type AxiomPresence, FriendsSocket } from "./friends-socket.ts";
import { type AxiomMail, MailCodes } from "./mail-codes.ts";
import { type AxiomVenueOptions, checkAxiomOptions } from "./options.ts";
import { Publisher } from "./publisher.ts";
import { PulseSocket } from "./pulse-socket.ts";
import { PulseTables } from "./pulse-tables.ts";
import { Relay, type RelayedTransaction } from "./relay.ts";
import { Rooms } from "./rooms.ts";
import { type Access, Sessions } from "./sessions.ts";
import { type AxiomTradeReport, TradeReports } from "./trade-reports.ts";
import { type User, Users } from "./users.ts";
import { WalletNonces } from "./wallet-login.ts";

/** Wallets of the market that every user tracks from the start. */
const TRACKED = 12;

/** What a socket is for. */
export type SocketKind = "cluster" | "pulse" | "eucalyptus" | "eucalyptusBnb" | "friends";

/** Close code of a connection whose token is worth nothing any more; ours, the venue's is unknown. */
const POLICY_VIOLATION = 1008;

/**
 * One Axiom venue: users, sessions, the token market, the relay and everybody who is connected, in all regions.
 *
 * It owns no timer: whoever holds it calls `tick` often. Ports reach it through `createAxiomProtocol`.
 *
 * @example
 * const venue = new AxiomVenue({ clock: createSystemClock(), random: createRandom(7) });
 * venue.tick(clock.nowUs());
 * venue.mails.at(-1)?.code;
 */
export class AxiomVenue implements AxiomControls {
  turnstile: boolean;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly codes: MailCodes;
  readonly nonces: WalletNonces;
  readonly market: TokenMarket;
  readonly relay: Relay;
  readonly reports: TradeReports;
  readonly tables: PulseTables;
  readonly options: Required<Pick<AxiomVenueOptions, "tokensIn" | "registration">> & AxiomVenueOptions;
  /** Undefined where requests are not limited. */
  readonly limiter: AddressLimit | undefined;
  readonly #rooms = new Rooms();
  readonly #pulse = new Set<PulseSocket>();
  readonly #eucalyptus = new Set<EucalyptusSocket>();
  readonly #friends = new Set<FriendsSocket>();
  readonly #accesses = new Map<Peer, Access>();
  readonly #traders: ReadonlyMap<string, Trader>;

  /** @throws {InvalidInputError} When an option breaks its rule. */
  constructor(options: AxiomVenueOptions) {
    const { users, accessTokenLifeS, codeLifeMs } = checkAxiomOptions(options);
    const { clock, random, market = {}, rotatesRefreshTokens = false, onMail = () => {} } = options;
    this.options = { ...options, tokensIn: options.tokensIn ?? "both", registration: options.registration ?? true };
    this.turnstile = options.turnstile ?? false;
    this.market = new TokenMarket(market, random.fork("axiom market"), clock);
    this.tables = new PulseTables(this.market);
    this.#traders = new Map(this.market.traders.map((trader) => [trader.address, trader]));
    const tracked = this.market.traders.slice(0, TRACKED).map(({ address }) => address);
    const demoWallet = drawAddress(random.fork("axiom demo wallet"));
    this.users = new Users(users, tracked, demoWallet, Math.floor(clock.nowUs() / 1000));
    this.sessions = new Sessions({ clock, accessTokenLifeS, rotatesRefreshTokens });
    this.codes = new MailCodes({ clock, codeLifeMs, onMail });
    this.nonces = new WalletNonces(clock);
    this.relay = new Relay(clock, this.users);
    this.reports = new TradeReports(clock);
    this.limiter = options.rateLimit && new AddressLimit({ ...options.rateLimit, clock });
    this.market.watch(
      new Publisher({
        market: this.market,
        tables: this.tables,
        rooms: this.#rooms,
        pulse: this.#pulse,
        eucalyptus: this.#eucalyptus,
        tradeFrames: options.tradeFrames ?? "row",
      }),
    );
  }

  /** Lets the market do what is due by `nowUs` (microseconds since the epoch), and ends sockets where their time is up. */
  tick(nowUs: number): void {
    this.market.advance(nowUs);
    if (this.options.closesSocketsAtExpiry !== true) return;
    for (const [peer, { expiresS }] of this.#accesses) {
      if (nowUs >= expiresS * 1e6) peer.close(POLICY_VIOLATION, "session expired");
    }
  }

  get mails(): readonly AxiomMail[] {
    return this.codes.mails;
  }

  get acceptedTransactions(): readonly RelayedTransaction[] {
    return this.relay.accepted;
  }

  get tradeReports(): readonly AxiomTradeReport[] {
    return this.reports.all;
  }

  get presences(): readonly AxiomPresence[] {
    return [...this.#friends].flatMap(({ presence }) => presence ?? []);
  }

  get pairAddresses(): readonly string[] {
    return [...this.market.tokens].map(({ facts }) => facts.pairAddress);
  }

  get sockets(): number {
    return this.#accesses.size;
  }

  openSession(email?: string): AxiomSession {
    const user = email === undefined ? this.users.configured[0] : this.users.byEmail(String(email));
    if (user === undefined) throw new InvalidInputError(`email must be a configured user's, got ${shown(email)}`);
    const tokens = this.sessions.open(user.id);
    const cookie = `${ACCESS_COOKIE}=${tokens.accessToken}; ${REFRESH_COOKIE}=${tokens.refreshToken}`;
    return { ...tokens, cookie };
  }

  expireTokens(): void {
    this.sessions.expireAccess();
    this.#endSockets("session expired");
  }

  endSessions(): void {
    this.sessions.endAll();
    this.#endSockets("session ended");
  }

  /** Who a request is of, by its access token. */
  userOf(accessToken: string | undefined): { readonly user: User; readonly access: Access } | undefined {
    const access = this.sessions.accessOf(accessToken);
    const user = access === undefined ? undefined : this.users.byId(access.userId);
    return access === undefined || user === undefined ? undefined : { user, access };
  }

  /** The market's trader at `address`. */
  traderAt(address: string): Trader | undefined {
    return this.#traders.get(address);
  }

  /** A new connection, with the token it came with. */
  connect(kind: SocketKind, peer: Peer, user: User, access: Access): Reader {
    this.#accesses.set(peer, access);
    const gone = () => this.#accesses.delete(peer);
    if (kind === "cluster") return new ClusterSocket(peer, this.#rooms, gone);
    if (kind === "eucalyptusBnb") return new BnbSocket(peer, gone);
    if (kind === "friends") {
      const socket = new FriendsSocket(peer, user, (closed) => {
        gone();
        this.#friends.delete(closed);
      });
      this.#friends.add(socket);
      return socket;
    }
    if (kind === "pulse") {
      const format = this.options.pulseFrames ?? "msgpack";
      const onClose = (closed: PulseSocket) => {
        gone();
        this.#pulse.delete(closed);
      };
      const socket = new PulseSocket({ peer, market: this.market, tables: this.tables, format, onClose });
      this.#pulse.add(socket);
      return socket;
    }
    const socket = new EucalyptusSocket(peer, user, (closed) => {
      gone();
      this.#eucalyptus.delete(closed);
    });
    this.#eucalyptus.add(socket);
    return socket;
  }

  /** The venue itself failed. */
  fail(error: Error): void {
    const { onError } = this.options;
    if (onError !== undefined) return onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }

  #endSockets(reason: string): void {
    for (const peer of this.#accesses.keys()) peer.close(POLICY_VIOLATION, reason);
  }
}
