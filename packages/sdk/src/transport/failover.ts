import { type Clock, inRange } from "@pitlane/perf";
import { NetworkError, TimeoutError, VenueError, VenueUnavailableError } from "../errors.ts";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import { Due, DueList } from "./due-list.ts";
import { HttpCall, type HttpReply, type Layer } from "./transport.ts";

export interface FailoverOptions {
  readonly choice: EndpointChoice;
  /** A call without an answer for this long makes its endpoint suspect, in milliseconds; 10 to 60,000, 300 unless told. */
  readonly suspectAfterMs?: number;
  /**
   * A read without an answer for this long is sent to a second endpoint as well, and the first answer counts, in milliseconds; 1 to
   * 60,000, never unless told. It costs the venue's budget twice.
   */
  readonly hedgeAfterMs?: number | undefined;
  /** Told of every attempt that failed for its endpoint. */
  readonly onFailure?: ((error: Error) => void) | undefined;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/**
 * Sends each attempt to the best endpoint, and moves on where that does no harm.
 *
 * - A read that failed goes to another endpoint at once, each endpoint once; `retry` outside begins anew.
 * - A write moves only when no byte of the last try can have left. Nothing it does makes a second server see a write that
 *   a first may have seen.
 * - Attempts at an endpoint that goes down are given up there: reads, and writes that still wait for a connection.
 * - How attempts end is told to `choice`. What the caller, the budget or the venue's rules ended says nothing of an endpoint.
 *
 * `classify` must be inside, so that a gateway's 503 is an error here.
 *
 * @throws {InvalidInputError} When an option is out of range.
 * @example
 * const send = compose(pools.send, retry(options), failover({ choice: regions.service("rest"), clock }), classify(toError));
 */
export function failover({ choice, suspectAfterMs = 300, hedgeAfterMs, onFailure, clock }: FailoverOptions): Layer {
  inRange("suspectAfterMs", suspectAfterMs, 10, 60_000);
  if (hedgeAfterMs !== undefined) inRange("hedgeAfterMs", hedgeAfterMs, 1, 60_000);
  const flights = new DueList<Flight>(clock);
  choice.onDown((endpoint, reason) => {
    if (choice.pick() === endpoint) return; // nowhere else is better
    for (let flight = flights.first; flight !== undefined; flight = flight.next) {
      if (flight.endpoint === endpoint) flight.call.abandon(reason); // takes itself out by a promise, so not while this loop runs
    }
  });

  function begin(call: HttpCall, endpoint: Endpoint): Flight {
    call.begin(endpoint.url);
    const nowNs = clock.monotonicNs();
    const flight = new Flight(call, endpoint, choice, nowNs, suspectAfterMs);
    flights.add(flight, nowNs);
    return flight;
  }

  /** Tells `choice` how long the answer took, unless it was another endpoint's. */
  function answered({ call, endpoint }: Flight): void {
    if (call.reply !== undefined) choice.succeeded(endpoint, (clock.monotonicNs() - call.sentNs) / 1e6);
  }

  /** Tells `choice` what the failure says of its endpoint. */
  function failed(flight: Flight, error: unknown): void {
    const { call, endpoint, startedNs } = flight;
    if (call.wire === undefined || call.abandonedFor !== undefined) return; // ended before the endpoint had a part in it, or by us
    // A caller in a hurry says nothing of the endpoint.
    if (error instanceof TimeoutError && clock.monotonicNs() - startedNs < suspectAfterMs * 1e6) return;
    if (isOfEndpoint(error)) {
      choice.failed(endpoint, error);
      onFailure?.(error);
    } else if (error instanceof VenueError) answered(flight); // a refusal is an answer
  }

  /** Where the call goes after `error`. @throws `error`, when it may go nowhere or has been everywhere. */
  function nextEndpoint(call: HttpCall, tried: ReadonlySet<Endpoint>, error: unknown): Endpoint {
    if (!mayMove(call, error) || clock.monotonicNs() >= call.deadlineNs) throw error;
    const endpoint = choice.pick(tried);
    if (tried.has(endpoint)) throw error;
    return endpoint;
  }

  return (next) => {
    /** Sends a copy of `call` as well, elsewhere, when the first is late; the first answer counts. */
    async function hedged(call: HttpCall, afterMs: number, tried: Set<Endpoint>): Promise<HttpReply> {
      const first = next(call);
      const stop = new AbortController();
      const sleep = clock.sleep(afterMs, stop.signal).then(
        () => true,
        () => false,
      );
      const isLate = await Promise.race([sleep, first.then(no, no)]);
      stop.abort();
      if (!isLate) return first;
      const endpoint = choice.pick(tried);
      if (tried.has(endpoint)) return first;
      tried.add(endpoint);
      const copy = new HttpCall(call);
      copy.deadlineNs = call.deadlineNs;
      const flight = begin(copy, endpoint);
      const second = next(copy);
      second
        .then(
          () => answered(flight),
          (error) => failed(flight, error),
        )
        .finally(() => flights.remove(flight));
      const reply = await Promise.any([first, second]).catch(({ errors }: AggregateError) => {
        throw errors[0];
      });
      call.abandon("another endpoint has answered"); // who has ended already hears nothing of it
      copy.abandon("another endpoint has answered");
      return reply;
    }

    return async (call) => {
      const afterMs = call.hedgeAfterMs ?? hedgeAfterMs;
      const isHedged = afterMs !== undefined && call.isRead;
      let tried: Set<Endpoint> | undefined;
      for (let endpoint = choice.pick(); ; ) {
        if (isHedged || tried !== undefined) tried = (tried ?? new Set()).add(endpoint);
        const flight = begin(call, endpoint);
        try {
          const reply = await (isHedged && tried !== undefined ? hedged(call, afterMs, tried) : next(call));
          answered(flight);
          return reply;
        } catch (error) {
          failed(flight, error);
          tried ??= new Set([endpoint]);
          endpoint = nextEndpoint(call, tried, error);
        } finally {
          flights.remove(flight);
        }
      }
    };
  };
}

/** An attempt under way; overdue ones make their endpoint suspect. */
class Flight extends Due<Flight> {
  readonly call: HttpCall;
  readonly endpoint: Endpoint;
  readonly startedNs: number;
  readonly #choice: EndpointChoice;

  constructor(call: HttpCall, endpoint: Endpoint, choice: EndpointChoice, startedNs: number, suspectAfterMs: number) {
    super();
    this.call = call;
    this.endpoint = endpoint;
    this.startedNs = startedNs;
    this.dueNs = startedNs + suspectAfterMs * 1e6;
    this.#choice = choice;
  }

  onDue(): void {
    this.dueNs = Number.POSITIVE_INFINITY; // once an attempt
    this.#choice.suspect?.(this.endpoint);
  }
}

/** Whether the attempt may be made elsewhere: its endpoint failed, not the caller, the budget or the venue's rules. */
function mayMove(call: HttpCall, error: unknown): boolean {
  return isOfEndpoint(error) && call.wire !== undefined && (call.isRead || error.outcome === "unsent");
}

function isOfEndpoint(error: unknown): error is NetworkError | TimeoutError | VenueUnavailableError {
  return error instanceof NetworkError || error instanceof TimeoutError || error instanceof VenueUnavailableError;
}

function no(): false {
  return false;
}
