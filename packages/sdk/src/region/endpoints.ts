/** One address of one service of a venue, in one region. */
export interface Endpoint {
  readonly region: string;
  /** Origin, or for a socket the URL up to where a target is appended: `wss://stream.example.com:9443`. */
  readonly url: string;
}

/** What a socket or a call needs of the regions of one service: which address to use, and whom to tell how it went. */
export interface EndpointChoice {
  /** The best one now, never one of `exclude` while there is another that is not given up; without probes, while there is another. */
  pick(exclude?: ReadonlySet<Endpoint>): Endpoint;
  /** An exchange with `endpoint` went well. @param latencyMs Connecting, or a call from its bytes to its answer. */
  succeeded(endpoint: Endpoint, latencyMs: number): void;
  /** One failed in a way that says something of the endpoint: no connection, no answer, a gateway's error. */
  failed(endpoint: Endpoint, error: Error): void;
  /** Something is overdue there: find out at once whether it is well. Left out where there is nothing to choose. */
  suspect?(endpoint: Endpoint): void;
  /** Told once each time an endpoint is given up, so that who uses it can leave at once. @returns What takes the listener back. */
  onDown(listener: (endpoint: Endpoint, reason: string) => void): () => void;
}

/** A choice with some of its parts in place of another one's. */
export function redirected(choice: EndpointChoice, parts: Partial<EndpointChoice>): EndpointChoice {
  return {
    pick: (exclude) => choice.pick(exclude),
    succeeded: (endpoint, latencyMs) => choice.succeeded(endpoint, latencyMs),
    failed: (endpoint, error) => choice.failed(endpoint, error),
    suspect: (endpoint) => choice.suspect?.(endpoint),
    onDown: (listener) => choice.onDown(listener),
    ...parts,
  };
}

/**
 * The choice of a service with one address: always that one.
 *
 * @example
 * const choice = fixedEndpoint("http://127.0.0.1:8080");
 */
export function fixedEndpoint(url: string, region = "default"): EndpointChoice {
  const endpoint: Endpoint = Object.freeze({ region, url });
  return {
    pick: () => endpoint,
    succeeded() {},
    failed() {},
    onDown: () => () => {},
  };
}
