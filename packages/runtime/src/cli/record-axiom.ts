import { InvalidInputError } from "@pitlane/perf";
import { type AxiomClient, createAxiom, localUrls, type PulseStream } from "@pitlane/sdk/axiom";
import type { EventRecorder } from "../event-recorder.ts";
import { axiomSession } from "./axiom-session.ts";
import type { SettingsContext } from "./main.ts";

/** Streams of Axiom beside its rooms. */
export const AXIOM_STREAMS = ["pulse", "tracked", "tracked-bnb"] as const;

export type AxiomStreamName = (typeof AXIOM_STREAMS)[number];

/** What of Axiom is recorded. */
export interface AxiomSources {
  /** Names of rooms of the cluster socket; ones that are not known are recorded untouched. */
  readonly rooms: readonly string[];
  readonly streams: readonly AxiomStreamName[];
}

/** @throws {InvalidInputError} When nothing is named, or a stream that is none. */
export function parseAxiomSources(rooms: string | undefined, streams: string | undefined): AxiomSources {
  const listOf = (text = "") => [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  const sources = { rooms: listOf(rooms), streams: listOf(streams).map(parseStream) };
  if (sources.rooms.length + sources.streams.length > 0) return sources;
  throw new InvalidInputError(
    `axiom has rooms rather than symbols: --rooms new_pairs,sol_price,t:PAIR, or --streams ${AXIOM_STREAMS.join(",")}`,
  );
}

function parseStream(name: string): AxiomStreamName {
  const stream = AXIOM_STREAMS.find((known) => known === name);
  if (stream !== undefined) return stream;
  throw new InvalidInputError(`--streams: there is no ${name}; there are ${AXIOM_STREAMS.join(", ")}`);
}

/** A client with a session, logged in. @param exchange Address of a local exchange that serves Axiom, sockets on the same port. */
export async function openAxiom(exchange: string | undefined, context: SettingsContext): Promise<AxiomClient> {
  const urls = exchange === undefined ? {} : { urls: localUrls(exchange, exchange.replace(/^http/, "ws")) };
  const axiom = createAxiom({ ...urls, ...(await axiomSession(context)), keepSessionAlive: true });
  try {
    await axiom.session.ensure({ signal: context.stop });
    return axiom;
  } catch (error) {
    await axiom.close();
    throw error;
  }
}

/**
 * Opens what is wanted, each event going to the recorder as the client gives it. The client closes the streams.
 *
 * @throws {InvalidInputError} When a room cannot be one, or there are too many; nothing is open then.
 */
export function recordAxiom({ stream }: AxiomClient, { rooms, streams }: AxiomSources, recorder: EventRecorder): void {
  const onError = (name: string) => (error: Error) => recorder.fault(name, error);
  if (rooms.length > 0)
    stream.rooms({ rooms, onEvent: (event) => recorder.write("rooms", event), onError: onError("rooms") });
  for (const name of streams) {
    if (name === "pulse") {
      const pulse: PulseStream = stream.pulse({
        onError: onError(name),
        onEvent: (event) => {
          if (event.kind !== "replaced") return recorder.write(name, event);
          // The event names tables that are new as a whole; what is in them is what a recording is for.
          const { kind, receivedAtUs } = event;
          for (const table of event.tables) {
            const whole = { kind, receivedAtUs, table, rows: pulse.rows(table) };
            recorder.write(name, whole);
          }
        },
      });
    } else {
      const chain = name === "tracked" ? "sol" : "bnb";
      stream.trackedTrades({ chain, onEvent: (event) => recorder.write(name, event), onError: onError(name) });
    }
  }
}
