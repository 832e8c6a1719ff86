import type { StreamSocket } from "./stream-socket.ts";
import type { TimeUnit } from "./time-unit.ts";

/** One stream that somebody listens to. An event is serialised once, and the same text goes to every listener. */
export class Channel {
  /** `aaausdt@depth@100ms`. */
  readonly name: string;
  readonly listeners = new Set<StreamSocket>();

  constructor(name: string) {
    this.name = name;
  }

  /** True when some listener wants times in `unit`. */
  wants(unit: TimeUnit): boolean {
    for (const socket of this.listeners) if (socket.unit === unit) return true;
    return false;
  }

  /** Sends an event to the listeners of that unit. */
  send(unit: TimeUnit, event: string): void {
    let combined: string | undefined;
    for (const socket of this.listeners) {
      if (socket.unit !== unit) continue;
      if (!socket.combined) socket.send(event, this.name);
      else {
        combined ??= `{"stream":"${this.name}","data":${event}}`;
        socket.send(combined, this.name);
      }
    }
  }

  /** Sends a whole `{"stream","data"}` frame as it is: to combined sockets all of it, to raw ones its data. */
  sendFrame(frame: string): void {
    let data: string | undefined;
    for (const socket of this.listeners) {
      if (socket.combined) socket.send(frame, this.name);
      else {
        data ??= dataOf(frame, this.name);
        socket.send(data, this.name);
      }
    }
  }
}

/** The channels of one symbol, by what follows the first `@`: `depth@100ms`. */
export type SymbolChannels = ReadonlyMap<string, Channel>;

/** Who listens to what. A name that nothing is published under is accepted and stays silent, as at the venue. */
export class StreamHub {
  readonly #symbols = new Map<string, Map<string, Channel>>();
  readonly #sockets = new Set<StreamSocket>();

  /** All connected sockets. */
  get sockets(): ReadonlySet<StreamSocket> {
    return this.#sockets;
  }

  /** The channels of a lower-case symbol; the same map for as long as the hub lives. */
  channelsOf(symbol: string): SymbolChannels {
    return this.#mapOf(symbol);
  }

  /** The channel of a whole stream name, when somebody listens to it. */
  find(name: string): Channel | undefined {
    const at = name.indexOf("@");
    return at < 0 ? undefined : this.#symbols.get(name.slice(0, at))?.get(name.slice(at + 1));
  }

  add(socket: StreamSocket): void {
    this.#sockets.add(socket);
  }

  /** Ends everything of `socket`. */
  remove(socket: StreamSocket): void {
    for (const name of socket.names) this.unsubscribe(socket, name);
    this.#sockets.delete(socket);
  }

  subscribe(socket: StreamSocket, name: string): void {
    const [symbol, suffix] = split(name);
    const channels = this.#mapOf(symbol);
    let channel = channels.get(suffix);
    if (channel === undefined) {
      channel = new Channel(name);
      channels.set(suffix, channel);
    }
    channel.listeners.add(socket);
    socket.names.add(name);
  }

  unsubscribe(socket: StreamSocket, name: string): void {
    socket.names.delete(name);
    const [symbol, suffix] = split(name);
    const channels = this.#mapOf(symbol);
    const channel = channels.get(suffix);
    channel?.listeners.delete(socket);
    if (channel?.listeners.size === 0) channels.delete(suffix);
  }

  #mapOf(symbol: string): Map<string, Channel> {
    let channels = this.#symbols.get(symbol);
    if (channels === undefined) {
      channels = new Map();
      this.#symbols.set(symbol, channels);
    }
    return channels;
  }
}

function split(name: string): [symbol: string, suffix: string] {
  const at = name.indexOf("@");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

// Recorded frames begin with their stream name; anything else is still cut right, only slower.
function dataOf(frame: string, name: string): string {
  const head = `{"stream":"${name}","data":`;
  if (frame.startsWith(head)) return frame.slice(head.length, -1);
  return JSON.stringify((JSON.parse(frame) as { data: unknown }).data);
}
