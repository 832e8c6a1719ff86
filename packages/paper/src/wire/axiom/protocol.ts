import type { HttpAnswer, HttpRequest, Place, Protocol, Refusal, Upgrade } from "../protocol.ts";
import { ACCESS_COOKIE, cookieOf } from "./cookies.ts";
import { HttpApi, refusalAnswer } from "./http-api.ts";
import type { AxiomVenue, SocketKind } from "./venue.ts";

const MOST_BODY_BYTES = 1024 * 1024;
const MOST_MESSAGE_BYTES = 256 * 1024; // a userState with its blacklist

/** Paths of the sockets. All but the cluster's are `/ws` of hosts of their own; on one port all but Pulse go below their host's name. */
const SOCKETS: Readonly<Record<string, SocketKind>> = {
  "/": "cluster",
  "/ws": "pulse",
  "/eucalyptus/ws": "eucalyptus",
  "/eucalyptus-bnb/ws": "eucalyptusBnb",
  "/friends/ws": "friends",
};

/**
 * One port of an Axiom venue: the REST API of all its hosts, the relay, and all kinds of sockets, told apart by path.
 *
 * A handshake without a living access token in its cookies is refused with 401, on every socket. All ports of a venue share everything.
 */
export function createAxiomProtocol(venue: AxiomVenue, place: Place): Protocol {
  return new AxiomProtocol(venue, place);
}

class AxiomProtocol implements Protocol {
  readonly mostBodyBytes = MOST_BODY_BYTES;
  readonly mostMessageBytes = MOST_MESSAGE_BYTES;
  readonly #venue: AxiomVenue;
  readonly #http: HttpApi;
  #demandsTurnstile = false; // of this port, besides what the venue demands

  constructor(venue: AxiomVenue, place: Place) {
    this.#venue = venue;
    this.#http = new HttpApi(venue, place, () => this.#demandsTurnstile);
  }

  handle(request: HttpRequest, answer: (answer: HttpAnswer) => void): void {
    this.#http.handle(request, answer);
  }

  upgrade(request: HttpRequest): Upgrade {
    const kind = SOCKETS[request.path];
    if (kind === undefined) return { refuse: refusalAnswer(refusal(404, "Not found")) };
    const session = this.#venue.userOf(cookieOf(request.headers, ACCESS_COOKIE));
    if (session === undefined) return { refuse: refusalAnswer(refusal(401, undefined)) };
    return { accept: (peer) => this.#venue.connect(kind, peer, session.user, session.access) };
  }

  refusal(asked: Refusal): HttpAnswer {
    return refusalAnswer(asked);
  }

  expireTokens(): void {
    this.#venue.expireTokens();
  }

  demandTurnstile(isDemanded: boolean): void {
    this.#demandsTurnstile = isDemanded;
  }
}

function refusal(status: number, text: string | undefined): Refusal {
  return { status, code: undefined, text, retryAfterSeconds: undefined };
}
