import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import { type Clock, inRange } from "@pitlane/perf";

/** Every address of a host, as `dns.lookup` with `all` gives them. */
export type LookupAll = (
  hostname: string,
  options: { readonly all: true; readonly family?: LookupOptions["family"]; readonly hints?: number | undefined },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** What `net.connect` takes as `lookup`: one address, or with `all` every one. */
type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number | undefined,
) => void;

interface Entry {
  readonly addresses: LookupAddress[];
  readonly untilNs: number;
}

export interface DnsCacheOptions {
  /** How long an answer is used, in milliseconds; 0 (ask every time) to 86,400,000, 300,000 unless told. */
  readonly ttlMs?: number;
  readonly clock: Pick<Clock, "monotonicNs">;
  /** Asks the resolver; the system's unless told. */
  readonly lookup?: LookupAll | undefined;
}

const MOST_HOSTS = 256;

/**
 * Remembers the addresses of hosts, so that a new connection does not wait for the resolver.
 *
 * Callers who ask for one host at the same time share a question. When the resolver fails, an answer that has run out is used on:
 * addresses outlive resolvers. At most 256 hosts; the one asked for longest ago makes room.
 *
 * @example
 * const dns = new DnsCache({ clock });
 * net.connect({ host: "api.example.com", port: 443, lookup: dns.lookup, autoSelectFamily: true });
 */
export class DnsCache {
  readonly #ttlNs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #ask: LookupAll;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Answer[]>();

  /** @throws {InvalidInputError} When `ttlMs` is out of range. */
  constructor({ ttlMs = 300_000, clock, lookup = systemLookup }: DnsCacheOptions) {
    this.#ttlNs = inRange("ttlMs", ttlMs, 0, 86_400_000) * 1e6;
    this.#clock = clock;
    this.#ask = lookup;
  }

  /** For the `lookup` option of `net.connect` and `tls.connect`. */
  readonly lookup = (hostname: string, options: LookupOptions, callback: Callback): void => {
    const key = `${options.family ?? 0} ${options.hints ?? 0} ${hostname}`;
    const answer: Answer = (error, addresses) => {
      const first = addresses?.[0]; // with an error, Node's resolver gives no list
      if (error !== null || first === undefined) callback(error ?? noAddress(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    };
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#clock.monotonicNs() < entry.untilNs) {
      process.nextTick(answer, null, entry.addresses); // as the resolver does: net.connect is not ready for an answer at once
      return;
    }
    const asking = this.#asking.get(key);
    if (asking !== undefined) {
      asking.push(answer);
      return;
    }
    this.#asking.set(key, [answer]);
    this.#ask(hostname, { all: true, family: options.family, hints: options.hints }, (error, addresses) => {
      const answers = this.#asking.get(key) ?? [];
      this.#asking.delete(key);
      if (error === null) this.#keep(key, addresses);
      const old = error === null ? undefined : this.#entries.get(key);
      for (const tell of answers) {
        if (old === undefined) tell(error, addresses);
        else tell(null, old.addresses);
      }
    });
  };

  /** Asks again at the next connection: what is known may be why the last one failed. The old answer stays for when the resolver fails. */
  expire(hostname: string): void {
    for (const [key, { addresses }] of this.#entries) {
      if (key.endsWith(` ${hostname}`)) this.#entries.set(key, { addresses, untilNs: 0 });
    }
  }

  #keep(key: string, addresses: LookupAddress[]): void {
    this.#entries.delete(key); // to the end of the map's order
    this.#entries.set(key, { addresses, untilNs: this.#clock.monotonicNs() + this.#ttlNs });
    if (this.#entries.size <= MOST_HOSTS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" });
}
