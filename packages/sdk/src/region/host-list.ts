import type { ClientEmitter } from "../client-events.ts";
import type { Endpoint, EndpointChoice } from "./endpoints.ts";

export interface HostListOptions {
  /** Named in events. */
  readonly service: string;
  /** The preferred one first; at least one. */
  readonly endpoints: readonly Endpoint[];
  readonly events: Pick<ClientEmitter, "emit">;
}

interface Host {
  readonly endpoint: Endpoint;
  failures: number; // in a row
}

const MOST_FAILURES = 2; // one lost exchange is no proof

/**
 * The addresses of one service as a list: the first until it fails twice in a row, then the next, and it goes to the end.
 *
 * It knows what calls and sockets tell it and asks nobody: no probes, no latencies, and no way back to the preferred address until
 * the others have failed. With all of them down, each failure moves on to the next. `createRegions` does more.
 */
export class HostList implements EndpointChoice {
  readonly #service: string;
  readonly #events: Pick<ClientEmitter, "emit">;
  readonly #listeners = new Set<(endpoint: Endpoint, reason: string) => void>();
  #hosts: readonly Host[]; // the present one first

  constructor({ service, endpoints, events }: HostListOptions) {
    this.#service = service;
    this.#events = events;
    this.#hosts = endpoints.map((endpoint) => ({ endpoint, failures: 0 }));
  }

  pick(exclude?: ReadonlySet<Endpoint>): Endpoint {
    const free = this.#hosts.filter(({ endpoint }) => exclude?.has(endpoint) !== true);
    return ((free.find(isWell) ?? free[0] ?? this.#hosts[0]) as Host).endpoint;
  }

  succeeded(endpoint: Endpoint): void {
    const host = this.#of(endpoint);
    if (host === undefined) return;
    if (!isWell(host)) this.#events.emit("endpointUp", { service: this.#service, ...endpoint });
    host.failures = 0;
  }

  failed(endpoint: Endpoint, { message: reason }: Error): void {
    const hosts = this.#hosts;
    const host = this.#of(endpoint);
    if (host === undefined || hosts.length === 1) return;
    host.failures++;
    if (isWell(host)) return;
    const service = this.#service;
    const isNews = host.failures === MOST_FAILURES;
    if (isNews) this.#events.emit("endpointDown", { service, ...endpoint, reason });
    if (host === hosts[0]) {
      const next = hosts.find(isWell) ?? (hosts[1] as Host);
      this.#hosts = [next, ...hosts.filter((one) => one !== next && one !== host), host];
      this.#events.emit("regionChanged", { service, from: endpoint.region, to: next.endpoint.region, reason });
    }
    if (isNews) for (const listener of this.#listeners) listener(endpoint, reason);
  }

  onDown(listener: (endpoint: Endpoint, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(endpoint: Endpoint): Host | undefined {
    return this.#hosts.find((host) => host.endpoint === endpoint);
  }
}

function isWell({ failures }: Host): boolean {
  return failures < MOST_FAILURES;
}
