import type { CallControl, WriteControl } from "../calls.ts";
import type { Capabilities, ClientOf, VenueDefinition } from "../venue.ts";

/**
 * How a server can be made to misbehave.
 *
 * - `down`: it takes no connections, and live ones die.
 * - `lost`: it does what it is asked, and destroys the connection in place of the answer.
 * - `reset`: it destroys the connection before it does anything.
 * - `refused`: it says no, in the venue's words, and does nothing.
 * - `throttled`: it refuses for its rate limit, and says how long.
 * - `failing`: it answers 503 and does nothing.
 * - `garbage`: it answers 200 with what is not the venue's form.
 */
export type Misbehaviour = "down" | "lost" | "reset" | "refused" | "throttled" | "failing" | "garbage";

/** What a stream under test tells. */
export interface StreamListener {
  /** News of the venue's. */
  onData(): void;
  /** The word that something may be missing. */
  onGap(): void;
  onError(error: Error): void;
}

/** One write of a venue, by an id that the venue keeps. */
export interface RigWrite<Client> {
  /** Makes an id that was never used. */
  newId(): string;
  run(client: Client, id: string, control?: WriteControl): Promise<unknown>;
  /** Ids of what the server has accepted, each as often as it did. */
  accepted(): readonly string[];
}

/** A server of a venue's protocol, and clients of it: what a venue's author gives to have it checked. */
export interface Rig<Client> {
  /** A new client with everything it needs, short time limits, and no more than three repeats. The rig closes it at its end. */
  createClient(): Client;
  /** Requests and handshakes that have reached the server, and connections, where it can count them. */
  requests(): number;
  /** Connections to the server that are open now, those of sockets among them. */
  openSockets(): number;
  /** Keys, tokens, passwords of its clients: what nothing may ever show. */
  readonly secrets: readonly string[];
  /** Makes the server misbehave until what it returns is called; `undefined` where it cannot. */
  misbehave(how: Misbehaviour): Promise<(() => Promise<void>) | undefined>;
  /** A read that asks the server. */
  read(client: Client, control?: CallControl): Promise<unknown>;
  /** Calls that break a rule of the venue's; none may reach the server. */
  badCalls(client: Client): readonly (() => unknown)[];
  /** Left out for a venue that takes no orders. */
  readonly write?: RigWrite<Client>;
  /** Opens a stream on which something comes every second or so; left out for a venue without. */
  openStream?(client: Client, listener: StreamListener): { readonly ready: Promise<void>; close(): Promise<void> };
  /** Ends every live socket, as a server that restarts. */
  cutSockets(): Promise<void>;
  close(): Promise<void>;
}

/** What `conformance` needs to know. */
export interface ConformanceOptions<C extends Capabilities, O, Client extends ClientOf<C>> {
  readonly venue: VenueDefinition<C, O, Client>;
  /** Opens a rig of its own for every check. */
  readonly openRig: () => Promise<Rig<Client>>;
  /** What its clients do by calls of their own, beside the declared groups. */
  readonly also?: readonly ("write" | "stream")[];
}

/** One rule that every venue keeps. */
export interface ConformanceCheck {
  /** A sentence. */
  readonly name: string;
  /** Resolves when the rule is kept. @throws {ConformanceError} Saying what was seen instead. */
  run(): Promise<void>;
}
