import type { Clock } from "@pitlane/perf";
import type { HttpAnswer, HttpRequest, Place, Protocol, Refusal, Upgrade } from "../protocol.ts";
import type { Venue } from "./endpoint.ts";
import type { HttpApi } from "./http-api.ts";
import { MessageLimit } from "./message-limit.ts";
import type { SocketApi } from "./socket-api.ts";
import type { StreamHub } from "./stream-hub.ts";
import { parseTarget } from "./stream-path.ts";
import { refusedNames, StreamSocket } from "./stream-socket.ts";
import { toVenueRefusal } from "./venue-refusal.ts";

export interface BinanceProtocolOptions {
  readonly venue: Venue;
  readonly http: HttpApi;
  readonly api: SocketApi;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly place: Place;
}

/** Binance's protocol on one port: the REST API, the market streams and the WebSocket API, told apart by path. */
export class BinanceProtocol implements Protocol {
  readonly mostBodyBytes = 64 * 1024;
  readonly mostMessageBytes = 64 * 1024;
  readonly #options: BinanceProtocolOptions;

  constructor(options: BinanceProtocolOptions) {
    this.#options = options;
  }

  handle(request: HttpRequest, answer: (answer: HttpAnswer) => void): void {
    this.#options.http.handle(request, this.#options.place, answer);
  }

  upgrade({ path, query, ip }: HttpRequest): Upgrade {
    const { venue, http, api, hub, clock, place } = this.#options;
    try {
      const target = parseTarget(query === "" ? path : `${path}?${query}`);
      if (target === undefined) return { refuse: { status: 404, headers: {}, text: "" } };
      const nowUs = clock.nowUs();
      venue.weightLimit.admitConnection(ip, target.kind, nowUs);
      if (target.kind === "api") {
        api.admit(ip, nowUs);
        return { accept: (peer) => api.connect(peer, { place, ip, ...target }) };
      }
      const { combined, unit, names } = target;
      const refused = refusedNames(names);
      if (refused !== undefined) return { refuse: { status: 400, headers: {}, text: refused } };
      return {
        accept: (peer) => new StreamSocket({ peer, hub, clock, limit: new MessageLimit(clock), combined, unit, names }),
      };
    } catch (error) {
      if (error instanceof URIError) return { refuse: { status: 400, headers: {}, text: "" } };
      return { refuse: http.refusal(ip, error) };
    }
  }

  refusal(refusal: Refusal, { ip }: HttpRequest): HttpAnswer {
    return this.#options.http.refusal(ip, toVenueRefusal(refusal, this.#options.clock.nowUs()));
  }

  ban(ip: string, forMs: number): void {
    this.#options.venue.weightLimit.ban(ip, forMs, this.#options.clock.nowUs());
  }

  useWeight(ip: string, weight: number): void {
    this.#options.venue.weightLimit.fillUp(ip, weight, this.#options.clock.nowUs());
  }
}
