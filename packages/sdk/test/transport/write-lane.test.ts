import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import { NetworkError, ProtocolError, TimeoutError } from "../../src/errors.ts";
import { CallAbortedError } from "../../src/transport/errors.ts";
import type { Pools, PoolsOptions } from "../../src/transport/pools.ts";
import type { CallOptions, HttpCall } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";
import { callTo, closing, createTestPools, createVenue, post, rawServer, textOf } from "./support.ts";

/** A request that a raw server has read. */
interface Seen {
  readonly socket: Socket;
  readonly text: string;
}

/**
 * A server that answers as told, and pools of which the second write on goes out in the step that sends it: a first one is made already, and
 * the connection for those that follow stands.
 */
async function primed(answer: (seen: Seen) => void, options: Partial<PoolsOptions> = {}) {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const { origin } = await rawServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
      if (text.length < text.indexOf("\r\n\r\n") + 4 + length) return;
      const request = { socket, text };
      text = "";
      if (request.text.includes("/first")) socket.write(ok("first"));
      else {
        seen.push(request);
        answer(request);
      }
    });
  });
  const pools = createTestPools({ connections: 4, ...options });
  await pools.send(callTo(origin, { ...post, path: "/first" }));
  await vi.waitFor(() => expect(sockets.size).toBe(2));
  await new Promise((resolve) => setImmediate(resolve)); // the client hears that it stands
  const send = (call: CallOptions = post) => pools.send(callTo(origin, call));
  return { origin, pools, send, seen, sockets };
}

const ok = (body: string, ...headers: readonly string[]) =>
  ["HTTP/1.1 200 OK", ...headers, `content-length: ${Buffer.byteLength(body)}`, "", body].join("\r\n");

/** Sends a call; true when its bytes were handed over before `send` returned. */
function sentAtOnce(pools: Pools, call: HttpCall): { readonly isAtOnce: boolean; readonly reply: Promise<unknown> } {
  const reply = pools.send(call);
  return { isAtOnce: call.sentNs > 0, reply };
}

describe("a write", () => {
  test("leaves in the step that sends it, over one connection again and again", async () => {
    const { origin, pools, seen } = await primed(({ socket }) => socket.write(ok("{}", "x-used: 7")));
    for (let i = 0; i < 5; i++) {
      const call = callTo(origin, { ...post, headers: { "X-MBX-APIKEY": "key" }, query: "a=1", body: `n=${i}` });
      const { isAtOnce, reply } = sentAtOnce(pools, call);
      expect(isAtOnce).toBe(true);
      expect(await reply).toMatchObject({ status: 200, headers: { "x-used": "7" } });
    }
    expect(new Set(seen.map(({ socket }) => socket)).size).toBe(1);
    expect(seen[4]?.text).toBe(
      `POST /api/v3/order?a=1 HTTP/1.1\r\nhost: ${new URL(origin).host}\r\nX-MBX-APIKEY: key\r\ncontent-length: 3\r\n\r\nn=4`,
    );
  });

  test("goes the other way while all its connections have one under way, and opens no more than a quarter", async () => {
    const waiting: Socket[] = [];
    const { send, seen, sockets } = await primed(({ socket }) => waiting.push(socket), { connections: 8 });
    const replies = [send(), send(), send(), send()];
    await vi.waitFor(() => expect(seen).toHaveLength(4));
    for (const socket of waiting) socket.write(ok("{}"));
    expect((await Promise.all(replies)).map(textOf)).toEqual(["{}", "{}", "{}", "{}"]);
    expect(sockets.size).toBeLessThanOrEqual(8);
  });

  test("with headers that changed in place is sent with what they are now", async () => {
    const { origin, pools, seen } = await primed(({ socket }) => socket.write(ok("{}")));
    const headers: Record<string, string> = { cookie: "a=1" };
    for (const cookie of ["a=1", "a=2"]) {
      headers["cookie"] = cookie;
      const call = callTo(origin, post);
      call.sentHeaders = headers;
      await pools.send(call);
    }
    expect(seen.map(({ text }) => /cookie: (\S+)/.exec(text)?.[1])).toEqual(["a=1", "a=2"]);
  });

  test.each([
    ["a body beyond ASCII", { ...post, body: "x=ä" }],
    ["a header of its own for the connection", { ...post, headers: { "Transfer-Encoding": "identity" } }],
    ["a header that HTTP does not allow", { ...post, headers: { "x-key": "a\r\nb: c" } }],
    ["a path that HTTP does not allow", { ...post, path: "/a b" }],
  ])("with %s goes the other way", async (_, call) => {
    const { origin, pools } = await primed(({ socket }) => socket.write(ok("{}")));
    const { isAtOnce, reply } = sentAtOnce(pools, callTo(origin, call));
    expect(isAtOnce).toBe(false);
    await reply.catch(() => {}); // undici says what is wrong with it, if anything is
  });

  test("goes the other way where the head of its answer has less time than all of it", async () => {
    const venue = await createVenue((_, response) => response.end("{}"));
    const pools = createTestPools({ connections: 4, headersTimeoutMs: 1_000 });
    for (let i = 0; i < 3; i++) {
      const { isAtOnce, reply } = sentAtOnce(pools, callTo(venue.urls.rest, post));
      expect(isAtOnce).toBe(false);
      await reply;
    }
  });

  test("that its onSent stops is not written, and its connection stays", async () => {
    const { send, seen } = await primed(({ socket }) => socket.write(ok("{}")));
    const stop = () => {
      throw new Error("no");
    };
    const error = await rejectionOf(send({ ...post, onSent: stop }));
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ outcome: "unsent" });
    await send();
    expect(seen).toHaveLength(1);
  });

  test("that its onSent aborts is not written, and its connection stays", async () => {
    const { send, seen } = await primed(({ socket }) => socket.write(ok("{}")));
    const stop = new AbortController();
    const error = await rejectionOf(send({ ...post, signal: stop.signal, onSent: () => stop.abort() }));
    expect(error).toMatchObject({ outcome: "unsent" });
    await send();
    expect(seen).toHaveLength(1);
  });

  test("of a read's kind never takes its connections", async () => {
    const { origin, pools } = await primed(({ socket }) => socket.write(ok("{}")));
    const call = callTo(origin, { ...post, isRead: true });
    const { isAtOnce, reply } = sentAtOnce(pools, call);
    expect(isAtOnce).toBe(false);
    await reply;
  });
});

describe("its outcome is unknown, and its connection gone", () => {
  test.each([
    ["when the connection ends before an answer", (socket: Socket) => socket.end(), NetworkError],
    ["when the connection is reset", (socket: Socket) => socket.resetAndDestroy(), NetworkError],
    [
      "when it ends in the middle of an answer",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
      NetworkError,
    ],
    ["when what comes is no HTTP", (socket: Socket) => socket.write("no answer at all\r\n\r\n"), NetworkError],
    ["when the answer is too large", (socket: Socket) => socket.write(ok("x".repeat(5_000))), ProtocolError],
  ] as const)("%s", async (_, answer, kind) => {
    const { origin, pools, seen, sockets } = await primed(({ socket }) => void answer(socket), {
      maxResponseBytes: 4_096,
    });
    const { isAtOnce, reply } = sentAtOnce(pools, callTo(origin, post));
    expect(isAtOnce).toBe(true);
    const error = await rejectionOf(reply);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(seen).toHaveLength(1); // nobody sent it again
    await vi.waitFor(() => expect(sockets.has(seen[0]?.socket as Socket)).toBe(false));
  });

  test("when nothing comes in time; the answer that comes later reaches nobody", async () => {
    const { send, seen } = await primed(() => {});
    const error = await rejectionOf(send({ ...post, timeoutMs: 50 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "unknown" });
    await vi.waitFor(() => expect(seen[0]?.socket.destroyed).toBe(true));
  });

  test("when its caller aborts it", async () => {
    const { send, seen } = await primed(() => {});
    const stop = new AbortController();
    const reply = send({ ...post, signal: stop.signal });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    stop.abort();
    expect(await rejectionOf(reply)).toMatchObject({ outcome: "unknown" });
    await vi.waitFor(() => expect(seen[0]?.socket.destroyed).toBe(true));
  });

  test("when the pools are closed", async () => {
    const { pools, send, seen, sockets } = await primed(() => {});
    const reply = send();
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const [error] = await Promise.all([rejectionOf(reply), pools.close()]);
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ outcome: "unknown" });
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });
});

describe("a connection", () => {
  test("that brings bytes which nobody asked for is closed: they are no answer to the next write", async () => {
    const { send, seen, sockets } = await primed(({ socket }) => socket.write(ok("right")));
    await send();
    const [before] = seen;
    before?.socket.write(ok("wrong"));
    await vi.waitFor(() => expect(sockets.has(before?.socket as Socket)).toBe(false));
    expect(textOf(await send())).toBe("right");
  });

  test("that an answer leaves with more bytes than its own is closed, and the answer counts", async () => {
    const { send, seen, sockets } = await primed(({ socket }) => socket.write(`${ok("right")}HTTP/1.1 200 OK`));
    expect(textOf(await send())).toBe("right");
    await vi.waitFor(() => expect(sockets.has(seen[0]?.socket as Socket)).toBe(false));
  });

  test("that the peer wants closed carries no other write", async () => {
    const { send, seen } = await primed(({ socket }) => socket.write(ok("{}", "connection: close")));
    await send();
    await send();
    expect(seen[0]?.socket).not.toBe(seen[1]?.socket);
  });

  test("that has been unused for longer than is allowed is not used", async () => {
    const { origin, pools, seen } = await primed(({ socket }) => socket.write(ok("{}", "keep-alive: timeout=1")));
    await pools.send(callTo(origin, post)); // which leaves it no second
    const { isAtOnce, reply } = sentAtOnce(pools, callTo(origin, post));
    expect(isAtOnce).toBe(false);
    await reply;
    expect(seen[0]?.socket).not.toBe(seen[1]?.socket);
  });

  test("that nobody uses is closed in time", async () => {
    const { sockets } = await primed(() => {}, { keepAliveMs: 50 });
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  test("that ends while it is unused is no failure of a write", async () => {
    const { send, sockets, seen } = await primed(({ socket }) => socket.write(ok("{}")));
    await send();
    const [used] = seen;
    used?.socket.resetAndDestroy();
    await vi.waitFor(() => expect(sockets.has(used?.socket as Socket)).toBe(false));
    await send({ ...post, isRead: true }); // its answer is behind the reset
    expect(textOf(await send())).toBe("{}");
  });

  test("is encrypted where the origin is, with the certificate that was given", async () => {
    const server = createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.write(ok("{}")));
    });
    const opened: unknown[] = [];
    server.on("secureConnection", (socket) => opened.push(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const origin = `https://localhost:${address.port}`;
    const pools = createTestPools({ connections: 4, ca: CERTIFICATE });
    closing(() => new Promise((resolve) => server.close(resolve)));
    closing(() => pools.close());
    await pools.send(callTo(origin, post));
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    await vi.waitFor(async () => {
      const { isAtOnce, reply } = sentAtOnce(pools, callTo(origin, post));
      await reply;
      expect(isAtOnce).toBe(true);
    });
  });

  test("is not there with HTTP/2, nor with less than four connections", async () => {
    for (const options of [{ allowH2: true }, { connections: 3 }]) {
      const venue = await createVenue((_, response) => response.end("{}"));
      const pools = createTestPools(options);
      for (let i = 0; i < 3; i++) await pools.send(callTo(venue.urls.rest, post));
      expect(venue.connections).toBeLessThanOrEqual(2);
      const { isAtOnce, reply } = sentAtOnce(pools, callTo(venue.urls.rest, post));
      expect(isAtOnce).toBe(false);
      await reply;
    }
  });
});
