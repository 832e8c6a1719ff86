import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createRandom, createSystemClock, InvalidInputError } from "@pitlane/perf";
import {
  type CallControl,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitError,
  RejectedError,
  RequestError,
  type VenueError,
  VenueUnavailableError,
  type WriteControl,
} from "../../src/index.ts";
import type { Misbehaviour, Rig } from "../../src/testing.ts";
import {
  authenticate,
  classify,
  compose,
  createEvents,
  createPools,
  deadline,
  defineVenue,
  failover,
  fixedEndpoint,
  HttpCall,
  type HttpReply,
  retry,
  type Send,
} from "../../src/venue-kit.ts";

export interface ToyOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMs?: number;
  /** Ways to be wrong, for the suite to find. */
  readonly wrong?:
    | ("repeatsWrites" | "connectsAtOnce" | "showsItsKey" | "tellsItsKey" | "livesOn" | "leavesItsSockets")
    | undefined;
}

/** What an outsider writes to add a venue: a definition over the package's parts. This one keeps texts by id. */
export const toyVenue = defineVenue({
  name: "toy",
  capabilities: { market: ["getServerTimeUs"] },
  create: (options: ToyOptions) => createToy(options),
});

function createToy({ url, apiKey, timeoutMs = 2_000, wrong }: ToyOptions) {
  const clock = createSystemClock();
  const random = createRandom(1);
  const events = createEvents();
  const closing = new AbortController();
  const pools = createPools({ clock });
  const send: Send = compose(
    pools.send,
    deadline({ timeoutMs, closing: closing.signal, clock }),
    retry({ clock, random, events }),
    failover({ choice: fixedEndpoint(url), clock }),
    authenticate({
      clock,
      authenticator: {
        prepare(call) {
          call.sentHeaders = { "x-key": apiKey };
        },
      },
    }),
    classify(toError),
  );
  const ask = async (options: ConstructorParameters<typeof HttpCall>[0]) => {
    try {
      if (wrong === "tellsItsKey") events.emit("failed", { service: "toy", error: new Error(`sent ${apiKey}`) });
      const { body } = await send(new HttpCall(options));
      return parse(options.path, body.toString("utf8"));
    } catch (error) {
      if (options.isRead) options.signal?.throwIfAborted();
      throw error;
    }
  };
  if (wrong === "connectsAtOnce") void ask({ method: "GET", path: "/time", isRead: true }).catch(() => {});

  return {
    venue: "toy",
    events,
    market: {
      async getServerTimeUs(control: CallControl = {}) {
        const { timeMs } = await ask({ method: "GET", path: "/time", isRead: true, isPrivate: true, ...control });
        return timeMs * 1000;
      },
    },
    /** A call of its own, beside the declared ones. */
    async keep(id: string, control: WriteControl = {}) {
      if (!/^[a-z0-9-]+$/.test(id)) throw new InvalidInputError(`id must be letters, digits and -, got "${id}"`);
      const isRead = wrong === "repeatsWrites";
      try {
        await ask({ method: "POST", path: `/keep/${id}`, isRead, isPrivate: true, ...control });
      } catch (error) {
        const isUnknown = error instanceof RequestError && error.outcome === "unknown";
        throw isUnknown ? new OutcomeUnknownError(id, { cause: error }) : error;
      }
    },
    ...(wrong === "showsItsKey" ? { apiKey } : {}),
    async close() {
      if (wrong === "livesOn") return;
      closing.abort(new Error("the client was closed"));
      if (wrong !== "leavesItsSockets") await pools.close();
    },
  };
}

function parse(path: string, text: string): { readonly timeMs: number } {
  try {
    return JSON.parse(text) as { readonly timeMs: number };
  } catch {
    throw new ProtocolError(`${path}: the reply is not JSON`); // a write that got one may have happened
  }
}

function toError(call: HttpCall, { status, headers, body }: HttpReply): VenueError {
  const options = { status, venueText: body.toString("utf8") };
  if (status >= 500) return new VenueUnavailableError(`${call.what}: HTTP ${status}`, options);
  if (status !== 429) return new RejectedError(`${call.what}: HTTP ${status}`, options);
  return new RateLimitError(`${call.what}: too much`, {
    ...options,
    retryAfterMs: Number(headers["retry-after"]) * 1000,
  });
}

type ToyClient = ReturnType<typeof createToy>;

/** A server of the toy venue, and clients on it. */
export async function openToyRig(wrong?: ToyOptions["wrong"]): Promise<Rig<ToyClient>> {
  let requests = 0;
  let how: Misbehaviour | undefined;
  let ids = 0;
  const accepted: string[] = [];
  const clients: ToyClient[] = [];
  const server = createServer((request, response) => {
    requests++;
    answer(request, response, how, accepted);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const silence = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    createClient() {
      const client = toyVenue.create({
        url: `http://127.0.0.1:${port}`,
        apiKey: "planted-toy-key",
        wrong,
      }) as ToyClient;
      clients.push(client);
      return client;
    },
    requests: () => requests,
    openSockets: () => sockets.size,
    secrets: ["planted-toy-key"],
    async misbehave(now) {
      how = now;
      if (now === "down") await silence();
      return async () => {
        how = undefined;
        if (now === "down") await listen(port);
      };
    },
    read: (client, control) => client.market.getServerTimeUs(control),
    badCalls: (client) => [() => client.keep("not an id"), () => client.market.getServerTimeUs({ timeoutMs: -1 })],
    write: {
      newId: () => `id-${++ids}`,
      run: (client, id, control) => client.keep(id, control),
      accepted: () => accepted,
    },
    cutSockets: async () => server.closeAllConnections(),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      if (server.listening) await silence();
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  how: Misbehaviour | undefined,
  accepted: string[],
): void {
  if (how === "reset") return void request.socket.destroy();
  if (how === "refused") return void response.writeHead(400).end("no");
  if (how === "throttled") return void response.writeHead(429, { "retry-after": "30" }).end("slowly");
  if (how === "failing") return void response.writeHead(503).end("not now");
  const id = /^\/keep\/(.*)$/.exec(request.url ?? "")?.[1];
  if (id !== undefined) accepted.push(id);
  if (how === "lost") return void request.socket.destroy();
  response.end(how === "garbage" ? "<html>" : JSON.stringify({ timeMs: 1_767_225_600_000 }));
}
