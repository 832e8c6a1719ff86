import { ProtocolError } from "../../errors.ts";
import { readEucalyptus } from "./eucalyptus-stream.ts";
import { parsePulseFrame } from "./pulse-stream.ts";
import { PulseTables } from "./pulse-tables.ts";
import { readerOf } from "./room-events.ts";
import { parseRoomMessage } from "./room-stream.ts";
import { isPong } from "./socket.ts";

/** Sockets of the venue, by the beginning of their host's name, or of the path where all have one host; any other is a cluster's: it has the rooms. */
const SOCKETS = ["pulse", "eucalyptus", "friends"] as const;
type Socket = (typeof SOCKETS)[number] | "cluster";

/** What the messages of a recorded session were. `in` = all of `decoded` + all of `ignored` + `undecoded`. */
export interface RecordedAxiomTally {
  readonly in: number;
  /** Messages by what they said: the kind of a room's event, `pulse` and what a frame did, `trackedTrade`. */
  readonly decoded: ReadonlyMap<string, number>;
  /** Messages that have no known form, or none that matters, by where they came from; 200 names, and `others`. */
  readonly ignored: ReadonlyMap<string, number>;
  readonly undecoded: number;
  /** Changes and removals of pairs that no Pulse table had. */
  readonly unmatched: number;
  /** The first 20 of what could not be decoded, with its time. */
  readonly examples: readonly string[];
}

interface Connection {
  readonly socket: Socket;
  readonly name: string; // of the host
  tables: PulseTables | undefined; // of Pulse, once its first frame came
}

const MOST_NAMES = 200;
const MOST_EXAMPLES = 20;
const OTHERS = "others";

/**
 * Reads a recorded session of Axiom with the decoders of the live streams, without a socket: rooms, the tables of Pulse, trades of tracked
 * wallets. The venue numbers nothing, so that nobody can tell whether a message is missing.
 *
 * @example
 * const session = new RecordedAxiom();
 * session.open("a", "wss://cluster9.axiom.trade/");
 * session.frame("a", Buffer.from('{"room":"sol_price","content":150.2}'), false, 1_767_225_600_000_000);
 * session.finish().decoded.get("coinPrice"); // 1
 */
export class RecordedAxiom {
  readonly #connections = new Map<string, Connection>();
  readonly #decoded = new Map<string, number>();
  readonly #ignored = new Map<string, number>();
  readonly #examples: string[] = [];
  #in = 0;
  #undecoded = 0;
  #unmatched = 0;

  /** A connection begins, or begins anew: what it says depends on its host. @param connection Its name in the recording. */
  open(connection: string, url: string): void {
    this.#leave(connection);
    const { hostname, pathname } = URL.canParse(url) ? new URL(url) : { hostname: "", pathname: "" };
    const socket = SOCKETS.find((name) => hostname.startsWith(name) || pathname.startsWith(`/${name}`)) ?? "cluster";
    this.#connections.set(connection, { socket, name: hostname, tables: undefined });
  }

  /** A frame was received. @param atUs When, microseconds since the epoch. */
  frame(connection: string, data: Buffer, isBinary: boolean, atUs: number): void {
    this.#in++;
    if (isPong(data, isBinary)) return this.#ignore("pong");
    let from = this.#connections.get(connection);
    if (from === undefined) {
      // Its beginning was not recorded: rooms are all that a text can be told by.
      from = { socket: "cluster", name: "", tables: undefined };
      this.#connections.set(connection, from);
    }
    try {
      this.#read(from, data, isBinary);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#undecoded++;
      if (this.#examples.length < MOST_EXAMPLES)
        this.#examples.push(`${new Date(atUs / 1000).toISOString()} ${connection}: ${error.message}`);
    }
  }

  /** A message of another kind: the reply to a call, say. */
  other(name: string): void {
    this.#in++;
    this.#ignore(name);
  }

  /** What all of it came to. */
  finish(): RecordedAxiomTally {
    for (const connection of [...this.#connections.keys()]) this.#leave(connection);
    return {
      in: this.#in,
      decoded: this.#decoded,
      ignored: this.#ignored,
      undecoded: this.#undecoded,
      unmatched: this.#unmatched,
      examples: this.#examples,
    };
  }

  #read(from: Connection, data: Buffer, isBinary: boolean): void {
    if (from.socket === "friends") return this.#ignore("friends");
    if (from.socket === "pulse") {
      from.tables ??= new PulseTables(Number.POSITIVE_INFINITY);
      const [update] = from.tables.apply(parsePulseFrame(data, isBinary));
      if (update?.kind === "unknown") return this.#ignore("pulse");
      return count(this.#decoded, `pulse ${update?.kind ?? "unmatched"}`);
    }
    if (from.socket === "eucalyptus") {
      const [first] = readEucalyptus(data, !from.name.includes("bnb"));
      return first?.kind === "trade" ? count(this.#decoded, "trackedTrade") : this.#ignore("eucalyptus");
    }
    const { room, content } = parseRoomMessage(data);
    const [first] = readerOf(room)(content);
    if (first?.kind === "unknown") return this.#ignore(room === "" ? "no room" : room);
    count(this.#decoded, first?.kind ?? "empty");
  }

  #ignore(name: string): void {
    count(this.#ignored, this.#ignored.has(name) || this.#ignored.size < MOST_NAMES ? name : OTHERS);
  }

  #leave(connection: string): void {
    this.#unmatched += this.#connections.get(connection)?.tables?.unmatched ?? 0;
    this.#connections.delete(connection);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
