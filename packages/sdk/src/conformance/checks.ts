import { InvalidInputError, PitlaneError } from "@pitlane/perf";
import { type ClientEmitter, EVENT_NAMES } from "../client-events.ts";
import { OutcomeUnknownError, RateLimitError, RequestError, VenueError } from "../errors.ts";
import type { Capabilities } from "../venue.ts";
import { check, eventually, failureOf, mostDuring, roundTrips, shown } from "./expect.ts";
import type { Misbehaviour, Rig } from "./rig.ts";

type Subject<Client> = { readonly rig: Rig<Client>; readonly client: Client };

/** One rule: what it says, and how it is tried. */
export interface Rule<Client> {
  readonly name: string;
  readonly run: (subject: Subject<Client>, capabilities: Capabilities) => Promise<void>;
}

const LIMIT_MS = 20_000;
const SOCKETS_MS = 1_500; // less than it takes for servers and clients to end idle connections by themselves
const TRIPS = 5; // there and back: a connection, its TLS and its handshake take no more
const BREAKS: readonly Misbehaviour[] = ["down", "lost", "reset", "refused", "throttled", "failing", "garbage"];

type Groups = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** The rules of every client. */
export function clientRules<Client extends Closable>(): readonly Rule<Client>[] {
  return [
    {
      name: "connects to nothing before its first call",
      async run({ rig }) {
        await roundTrips(TRIPS);
        check(rig.requests() === 0, `the server has seen ${rig.requests()} requests of a client that was only created`);
      },
    },
    {
      name: "has every call that its venue declares",
      async run({ client }, capabilities) {
        for (const group of ["market", "orders", "account", "stream"] as const) {
          for (const call of capabilities[group] ?? []) {
            const calls = (client as unknown as Groups)[group];
            check(typeof calls?.[call] === "function", `${group}.${call} is declared and not there`);
          }
        }
      },
    },
    {
      name: "refuses bad input with InvalidInputError, before anything is sent",
      async run({ rig, client }) {
        const calls = rig.badCalls(client);
        check(calls.length > 0, "the rig has no bad calls");
        for (const [index, call] of calls.entries()) {
          const error = await failureOf(`bad call ${index}`, call);
          check(error instanceof InvalidInputError, `bad call ${index} failed with ${error.name}: ${error.message}`);
        }
        check(rig.requests() === 0, `bad calls made ${rig.requests()} requests`);
      },
    },
    {
      name: "gives an aborted read its signal's reason back, and leaves nothing behind",
      async run({ rig, client }) {
        const reason = new Error("not wanted any more");
        const before = await failureOf("a read with an aborted signal", () =>
          rig.read(client, { signal: AbortSignal.abort(reason) }),
        );
        check(before === reason, `a read aborted before it began failed with ${before.message}`);
        const stop = new AbortController();
        const reading = failureOf("a read that was aborted", () => rig.read(client, { signal: stop.signal }));
        stop.abort(reason);
        check((await reading) === reason, "a read aborted under way did not fail with the signal's reason");
        await rig.read(client);
      },
    },
    {
      name: "repeats a read that failed, and answers when the server is well again",
      async run({ rig, client }) {
        for (const how of ["reset", "failing"] as const) {
          const mend = await rig.misbehave(how);
          if (mend === undefined) continue;
          const reading = rig.read(client);
          await Promise.all([
            reading,
            eventually(`the server saw no read while ${how}`, () => rig.requests() > 0, LIMIT_MS).then(mend),
          ]);
        }
      },
    },
    {
      name: "tells what failed by typed errors that keep the venue's words",
      async run({ rig, client }) {
        const refused = await rig.misbehave("refused");
        if (refused !== undefined) {
          const error = await failureOf("a refused read", () => rig.read(client));
          check(error instanceof VenueError, `a refusal became ${error.name}: ${error.message}`);
          check(error.venueText !== "" && error.status >= 400, "a refusal keeps neither status nor text");
          await refused();
        }
        const throttled = await rig.misbehave("throttled");
        if (throttled === undefined) return;
        const error = await failureOf("a throttled read", () => rig.read(client, { timeoutMs: 500 }));
        check(error instanceof RateLimitError, `a rate limit became ${error.name}: ${error.message}`);
        check(error.retryAfterMs > 0, "a rate limit does not say how long to wait");
        await throttled();
      },
    },
    {
      name: "shows no secret, in itself, in an error or in an event",
      async run({ rig, client }) {
        check(rig.secrets.length > 0, "the rig names no secrets to look for");
        const things: unknown[] = [client];
        for (const name of EVENT_NAMES) client.events.on(name, (...event: readonly unknown[]) => things.push(...event));
        for (const how of BREAKS) {
          const mend = await rig.misbehave(how);
          if (mend === undefined) continue;
          const { write } = rig;
          if (write !== undefined) {
            things.push(await write.run(client, write.newId(), { timeoutMs: 500 }).catch((error: unknown) => error));
          }
          things.push(await rig.read(client, { timeoutMs: 500 }).catch((error: unknown) => error));
          await mend();
        }
        const text = things.map(shown).join("\n");
        for (const secret of rig.secrets)
          check(!text.includes(secret), `a secret of ${secret.length} characters is shown`);
      },
    },
    {
      name: "ends everything when it is closed: calls under way, later ones, and its sockets",
      async run({ rig, client }) {
        const most = await mostDuring(() => rig.openSockets(), rig.read(client));
        check(most > 0, "the rig counts no socket of a client that reads");
        const requests = rig.requests();
        const closing = client.close();
        const early = await failureOf("a call of a client that closes", () => rig.read(client));
        await closing;
        await client.close(); // again is no fault
        const late = await failureOf("a call of a closed client", () => rig.read(client));
        for (const error of [early, late]) {
          check(error instanceof PitlaneError, `a call of a closed client failed with ${error.name}`);
        }
        check(rig.requests() === requests, "a closed client made a request");
        await eventually("a closed client has sockets open", () => rig.openSockets() === 0, SOCKETS_MS);
      },
    },
  ];
}

/** The rules of clients that write. */
export function writeRules<Client extends Closable>(): readonly Rule<Client>[] {
  return [
    {
      name: "does a write once, and the venue keeps its id",
      async run({ rig, client }) {
        const write = writeOf(rig);
        const id = write.newId();
        await write.run(client, id);
        check(timesOf(write.accepted(), id) === 1, `the venue accepted it ${timesOf(write.accepted(), id)} times`);
      },
    },
    {
      name: "never repeats a write whose answer was lost: its outcome is unknown, by its id",
      async run({ rig, client }) {
        const write = writeOf(rig);
        const mend = await rig.misbehave("lost");
        check(mend !== undefined, "the rig cannot lose answers");
        const id = write.newId();
        const error = await failureOf("a write whose answer was lost", () => write.run(client, id));
        check(error instanceof OutcomeUnknownError, `it became ${error.name}: ${error.message}`);
        check(error.clientOrderId === id, `the error names ${error.clientOrderId} in place of ${id}`);
        await mend();
        const times = timesOf(write.accepted(), id);
        check(times === 1, `the venue accepted it ${times} times`);
      },
    },
    {
      name: "says that a write was unsent only when no byte of it can have left",
      async run({ rig, client }) {
        const write = writeOf(rig);
        const mend = await rig.misbehave("down");
        check(mend !== undefined, "the rig cannot be down");
        const id = write.newId();
        const error = await failureOf("a write to a server that is down", () => write.run(client, id));
        check(error instanceof RequestError, `it became ${error.name}: ${error.message}`);
        check(error.outcome === "unsent", `nobody listened, and the outcome is ${error.outcome}`);
        await mend();
        check(timesOf(write.accepted(), id) === 0, "the venue accepted a write that was said to be unsent");
      },
    },
    {
      name: "agrees with the venue about the outcome of every write, whatever went wrong",
      async run({ rig, client }) {
        const write = writeOf(rig);
        for (const how of BREAKS) {
          const mend = await rig.misbehave(how);
          if (mend === undefined) continue;
          const ids = Array.from({ length: 5 }, () => write.newId());
          const ends = await Promise.all(
            ids.map((id) =>
              write.run(client, id, { timeoutMs: 1_000 }).then(
                () => "done",
                (error: unknown) => (error instanceof RequestError ? error.outcome : "no outcome"),
              ),
            ),
          );
          await mend();
          const accepted = write.accepted();
          for (const [index, end] of ends.entries()) {
            const times = timesOf(accepted, ids[index] as string);
            const fits = end === "done" ? times === 1 : end === "unknown" ? times <= 1 : times === 0;
            check(
              fits && end !== "no outcome",
              `${how}: the client says "${end}", the venue accepted it ${times} times`,
            );
          }
        }
      },
    },
  ];
}

/** The rules of clients that stream. */
export function streamRules<Client extends Closable>(): readonly Rule<Client>[] {
  return [
    {
      name: "brings a lost stream back by itself, and says that something may be missing before data goes on",
      async run({ rig, client }) {
        const heard: ("data" | "gap")[] = [];
        const stream = openStream(rig, client, {
          onData: () => void heard.push("data"),
          onGap: () => void heard.push("gap"),
          onError: () => {},
        });
        await stream.ready;
        await eventually("no data came", () => heard.includes("data"), LIMIT_MS);
        heard.length = 0;
        await rig.cutSockets();
        await eventually(
          "the stream did not come back",
          () => heard.includes("gap") && heard.at(-1) === "data",
          LIMIT_MS,
        );
        await stream.close();
      },
    },
    {
      name: "tells nothing more once a stream is closed",
      async run({ rig, client }) {
        const stream = openTally(rig, client);
        await stream.ready;
        await eventually("no data came", () => stream.told() > 0, LIMIT_MS);
        await stream.close();
        const told = stream.told();
        await hearNews(rig, client);
        check(stream.told() === told, `a closed stream told ${stream.told() - told} more`);
      },
    },
    {
      name: "closes its streams with the client",
      async run({ rig, client }) {
        const stream = openTally(rig, client);
        await stream.ready;
        await client.close();
        const told = stream.told();
        await eventually("a closed client has sockets open", () => rig.openSockets() === 0, SOCKETS_MS);
        await hearNews(rig, rig.createClient());
        check(stream.told() === told, "a stream of a closed client went on");
      },
    },
  ];
}

/** What all clients have. */
export interface Closable {
  readonly events: Pick<ClientEmitter, "on">;
  close(): Promise<void>;
}

function writeOf<Client>({ write }: Rig<Client>): NonNullable<Rig<Client>["write"]> {
  check(write !== undefined, "the rig has no write");
  return write;
}

function openStream<Client>(
  rig: Rig<Client>,
  client: Client,
  listener: Parameters<NonNullable<Rig<Client>["openStream"]>>[1],
) {
  check(rig.openStream !== undefined, "the rig has no stream");
  return rig.openStream(client, listener);
}

/** A stream that counts all it tells. */
function openTally<Client>(rig: Rig<Client>, client: Client) {
  let count = 0;
  const tell = () => void count++;
  const stream = openStream(rig, client, { onData: tell, onGap: tell, onError: tell });
  return { ready: stream.ready, close: () => stream.close(), told: () => count };
}

/** Waits until a stream of its own has told news twice: whatever a closed one would still have told has come before. */
async function hearNews<Client>(rig: Rig<Client>, client: Client): Promise<void> {
  let news = 0;
  const stream = openStream(rig, client, { onData: () => void news++, onGap: () => {}, onError: () => {} });
  await stream.ready;
  const before = news;
  await eventually("no data came to another stream", () => news >= before + 2, LIMIT_MS);
  await stream.close();
}

function timesOf(accepted: readonly string[], id: string): number {
  return accepted.filter((one) => one === id).length;
}
