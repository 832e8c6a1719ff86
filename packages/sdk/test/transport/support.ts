import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createSystemClock } from "@pitlane/perf";
import { afterEach } from "vitest";
import { createPools, type Pools, type PoolsOptions } from "../../src/transport/pools.ts";
import { type CallOptions, HttpCall, type HttpReply, type Send } from "../../src/transport/transport.ts";
import { FakeVenue, type FakeVenueOptions } from "../support/fake-venue.ts";

const closers: (() => Promise<unknown>)[] = [];

/** Closes what a test made, after it, the last one first. */
export function closing(close: () => Promise<unknown>): void {
  closers.push(close);
}

afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

export const clock = createSystemClock();

export function createTestPools(options: Partial<PoolsOptions> = {}): Pools {
  const pools = createPools({ clock, ...options });
  closing(() => pools.close());
  return pools;
}

export async function createVenue(onRequest?: FakeVenueOptions["onRequest"]): Promise<FakeVenue> {
  const venue = await FakeVenue.create(onRequest === undefined ? {} : { onRequest });
  closing(() => venue.close());
  return venue;
}

/** A TCP server that hands its raw sockets to the test. */
export async function rawServer(onSocket: (socket: Socket) => void): Promise<{ origin: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // the client resets it
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://127.0.0.1:${address.port}`, server };
}

/** An origin that refuses connections. */
export async function deadOrigin(): Promise<string> {
  const { origin, server } = await rawServer(() => {});
  await new Promise((resolve) => server.close(resolve));
  return origin;
}

export const get = { method: "GET", path: "/api/v3/time", query: "secret=1", isRead: true } as const;
export const post = { method: "POST", path: "/api/v3/order", body: "x=1", isRead: false } as const;

export function callTo(origin: string, options: CallOptions): HttpCall {
  const call = new HttpCall(options);
  call.begin(origin);
  return call;
}

export function textOf({ body }: HttpReply): string {
  return body.toString("utf8");
}

export function replyOf(status: number, text = "", headers: HttpReply["headers"] = {}): HttpReply {
  return { status, headers, body: Buffer.from(text) };
}

/** A `Send` that ends as told, one after the other, and remembers what it was given. */
export function scripted(...ends: readonly (HttpReply | Error)[]): { send: Send; calls: HttpCall[] } {
  const calls: HttpCall[] = [];
  const send: Send = async (call) => {
    const end = ends[calls.length];
    calls.push(call);
    if (end === undefined) throw new Error(`attempt ${calls.length} was not foreseen`);
    if (end instanceof Error) throw end;
    call.reply = end;
    return end;
  };
  return { send, calls };
}
