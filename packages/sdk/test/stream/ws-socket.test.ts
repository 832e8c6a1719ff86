import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import * as net from "node:net";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type LookupFunction,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { ClientSocket, type SocketEvents, type SocketOptions } from "../../src/stream/ws-socket.ts";
import { CERTIFICATE, PRIVATE_KEY } from "../transport/certificate.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function listen(server: TcpServer, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // of clients that were cut off
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A server of `ws`: what it was told, and the newest of its sockets. */
async function wsServer(http: Server = createServer(), host?: string) {
  const seen: string[] = [];
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ server: http });
  server.on("connection", (socket, { url }) => {
    seen.push(`open ${url}`);
    sockets.push(socket);
    socket.on("message", (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("ping", (data) => seen.push(`ping ${data}`));
    socket.on("pong", (data) => seen.push(`pong ${data}`));
    socket.on("error", (error) => seen.push(`error ${error.message}`));
    socket.on("close", (code, reason) => seen.push(`close ${code} ${reason}`));
  });
  const port = await listen(http, host);
  return {
    seen,
    port,
    url: `ws://127.0.0.1:${port}`,
    get socket() {
      return sockets.at(-1) as WebSocket;
    },
  };
}

/** A server that writes `reply` to the first bytes of each connection, and notes what came. */
async function rawServer(reply: (request: string, socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.once("data", (data) => reply(data.toString("latin1"), socket));
  });
  return { url: `ws://127.0.0.1:${await listen(server)}`, sockets };
}

/** The answer by which a server switches to a WebSocket. */
function switching(request: string, more = ""): string {
  const key = /^Sec-WebSocket-Key: (.+)\r$/m.exec(request)?.[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
}

function setUp(url: string, options: Partial<SocketOptions> = {}, events: Partial<SocketEvents> = {}) {
  const seen: string[] = [];
  const messages: (string | Buffer)[] = [];
  const errors: Error[] = [];
  let reads = 0;
  const socket = new ClientSocket(
    url,
    { maxBytes: 2 ** 20, closeTimeoutMs: 5_000, ...options },
    {
      onOpen: () => seen.push("open"),
      onRead: () => reads++,
      onMessage: (data, isBinary) => messages.push(isBinary ? Buffer.from(data) : data.toString("utf8")),
      onPong: () => seen.push("pong"),
      onRefused: ({ status, headers }) => seen.push(`refused ${status} ${headers.get("retry-after")}`),
      onClose: (code, reason, error) => {
        seen.push(`close ${code} ${reason}`);
        if (error !== undefined) errors.push(error);
      },
      ...events,
    },
  );
  closers.push(async () => socket.terminate());
  return { socket, seen, messages, errors, reads: () => reads };
}

/** Kind, size and hash: long messages take the matcher seconds. */
function digest(message: string | Buffer): string {
  return `${typeof message} ${message.length} ${createHash("sha1").update(message).digest("hex")}`;
}

const SIZES = [0, 1, 125, 126, 127, 1_000, 65_535, 65_536, 65_537, 131_072, 200_000];

describe("messages", () => {
  test("of all sizes go there and come back, text and bytes, in order", async () => {
    const { url } = await wsServer();
    const { socket, seen, messages, reads } = setUp(url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const sent = SIZES.flatMap((size) => ["é".repeat(size / 2) + "x".repeat(size % 2), Buffer.alloc(size, size)]);
    for (const message of sent) expect(socket.trySend(message)).toBe(true);
    await vi.waitFor(() => expect(messages).toHaveLength(sent.length));
    expect(messages.map(digest)).toEqual(sent.map(digest));
    expect(reads()).toBeGreaterThan(0);
  });

  test("of one turn leave in two writes: the first at once, the others together, before a close in that turn", async () => {
    const server = await wsServer();
    const { socket, seen } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const received: string[] = [];
    server.socket.on("message", (data: Buffer) => received.push(data.toString()));
    const write = vi.spyOn(net.Socket.prototype as unknown as { _write(): void }, "_write");
    const writev = vi.spyOn(net.Socket.prototype as unknown as { _writev(): void }, "_writev");
    for (const message of ["one", "two", "three"]) socket.trySend(message);
    expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([1, 0]);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([1, 1]);
    vi.restoreAllMocks();
    for (const message of ["four", "five"]) socket.trySend(message);
    await socket.close(1000);
    expect(received).toEqual(["one", "two", "three", "four", "five"]);
    expect(server.seen.at(-1)).toBe("close 1000 ");
  });

  test("in fragments, with a ping between them, are put together", async () => {
    const server = await wsServer();
    const { seen, messages } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const parts = ["a", "", "b".repeat(70_000), "c"];
    server.socket.send("a", { fin: false });
    server.socket.ping("between");
    server.socket.send("", { fin: false });
    server.socket.send("b".repeat(70_000), { fin: false });
    server.socket.send("c", { fin: true });
    server.socket.send("next");
    await vi.waitFor(() => expect(messages).toEqual([parts.join(""), "next"]));
    await vi.waitFor(() => expect(server.seen).toContain("pong between"));
  });

  test("that come with the answer to the handshake follow the open", async () => {
    const { url } = await rawServer((request, socket) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0x81, 2, 104, 105, 0x81])]));
      setTimeout(() => socket.write(Buffer.from([1, 33])), 20);
    });
    const { seen, messages } = setUp(url);
    await vi.waitFor(() => expect(messages).toEqual(["hi", "!"]));
    expect(seen).toEqual(["open"]);
  });

  test("stop within the message at which the socket is cut off", async () => {
    const { url } = await rawServer((request, socket) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0x81, 1, 49, 0x81, 1, 50])]));
    });
    const got: string[] = [];
    const { socket, seen } = setUp(
      url,
      {},
      {
        onMessage: (data) => {
          got.push(data.toString());
          socket.terminate();
        },
      },
    );
    await vi.waitFor(() => expect(got).toEqual(["1"]));
    await socket.close(1000);
    expect([got, seen]).toEqual([["1"], ["open"]]);
  });

  test("whose reader throws end the socket, and its error is not swallowed", async () => {
    const { url } = await rawServer((request, socket) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0x81, 1, 49, 0x81, 1, 50])]));
    });
    const thrown: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
    closers.push(async () => process.setUncaughtExceptionCaptureCallback(null));
    const { seen, errors } = setUp(
      url,
      {},
      {
        onMessage: () => {
          throw new Error("a bad reader");
        },
      },
    );
    await vi.waitFor(() => expect(seen).toEqual(["open", "close 1006 "]));
    expect([...thrown, ...errors]).toEqual([new Error("a bad reader"), new Error("a bad reader")]);
  });
});

describe("pings", () => {
  test("are answered with their bytes, and sent", async () => {
    const server = await wsServer();
    const { socket, seen } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    server.socket.ping("x".repeat(125));
    expect(socket.tryPing()).toBe(true);
    await vi.waitFor(() => expect(seen).toEqual(["open", "pong"]));
    await vi.waitFor(() => expect(server.seen.slice(1).sort()).toEqual(["ping ", `pong ${"x".repeat(125)}`]));
  });

  test("of a peer that reads no answers do not pile up here", async () => {
    const pings = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.concat([Buffer.from([0x89, 125]), Buffer.alloc(125)])),
    );
    const rounds = 400;
    let answered = 0;
    const { url, sockets } = await rawServer(async (request, socket) => {
      socket.pause();
      socket.write(switching(request));
      for (let i = 0; i < rounds; i++) if (!socket.write(pings)) await once(socket, "drain");
      socket.write(Buffer.from([0x81, 1, 33]));
      socket.on("data", ({ length }) => {
        answered += length;
      });
    });
    const { seen, messages, socket } = setUp(url, { closeTimeoutMs: 2_000 });
    await vi.waitFor(() => expect(messages).toEqual(["!"]), { timeout: 20_000 });
    sockets[0]?.resume();
    await socket.close(1000);
    await vi.waitFor(() => expect(sockets[0]?.readableEnded || sockets[0]?.closed).toBe(true));
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan((rounds * pings.length) / 2); // else the kernel held all of it
    expect(seen).toEqual(["open", "close 1006 "]);
  });
});

describe("a close", () => {
  test.each([
    [1000, "bye"],
    [1001, ""],
    [3999, "ü".repeat(61)],
  ])("by the peer with %d is told with its words, and answered", async (code, reason) => {
    const server = await wsServer();
    const { socket, seen, errors } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    server.socket.close(code, reason);
    await vi.waitFor(() => expect(seen).toEqual(["open", `close ${code} ${reason}`]));
    await vi.waitFor(() => expect(server.seen).toEqual(["open /", `close ${code} `]));
    expect([errors, socket.isOpen, socket.trySend("x"), socket.tryPing()]).toEqual([[], false, false, false]);
    await socket.close(1000);
  });

  test("by the peer without a code is 1005", async () => {
    const server = await wsServer();
    const { seen } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    server.socket.close();
    await vi.waitFor(() => expect(seen).toEqual(["open", "close 1005 "]));
    await vi.waitFor(() => expect(server.seen).toEqual(["open /", "close 1005 "]));
  });

  test("of ours brings what is on its way, and resolves when the connection is gone", async () => {
    const server = await wsServer();
    const { socket, seen, messages } = setUp(server.url);
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    socket.trySend("last");
    await Promise.all([socket.close(1000), socket.close(1000)]);
    expect([seen, messages]).toEqual([["open", "close 1000 "], ["last"]]);
    expect(server.seen).toEqual(["open /", "close 1000 "]);
    await socket.close(1000);
    expect(socket.trySend("x")).toBe(false);
  });

  test("that the peer does not answer takes closeTimeoutMs", async () => {
    const { url } = await rawServer((request, socket) => void socket.write(switching(request)));
    const { socket, seen } = setUp(url, { closeTimeoutMs: 30 });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    await socket.close(1000);
    expect(seen).toEqual(["open", "close 1006 "]);
  });

  test("by a peer that leaves the connection open is told at once, and takes closeTimeoutMs", async () => {
    const { url, sockets } = await rawServer((request, socket) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0x88, 2, 0x03, 0xe9, 0x81, 1, 49])]));
    });
    const { socket, seen, messages } = setUp(url, { closeTimeoutMs: 30 });
    await vi.waitFor(() => expect(seen).toEqual(["open", "close 1001 "]));
    expect(sockets[0]?.closed).toBe(false);
    await socket.close(1000);
    expect([seen, messages]).toEqual([["open", "close 1001 "], []]);
  });

  test("of the connection alone is 1006, be it in order or not", async () => {
    for (const how of ["end", "resetAndDestroy"] as const) {
      const { url } = await rawServer((request, socket) => {
        socket.write(switching(request));
        setTimeout(() => socket[how](), 20);
      });
      const { seen, errors } = setUp(url);
      await vi.waitFor(() => expect(seen).toEqual(["open", "close 1006 "]));
      expect(errors.map(({ message }) => message)).toEqual(how === "end" ? [] : ["read ECONNRESET"]);
    }
  });

  test.each([
    ["too large a message", [0x81, 126, 1, 0], 1009, "a message has more than 100 bytes"],
    ["a reserved bit", [0xc1, 1, 97], 1002, "a frame has a reserved bit set"],
    ["a reason that is no text", [0x88, 3, 3, 0xe8, 0xff], 1007, "the reason of a close frame is not UTF-8"],
  ])("because of %s is told at once, and says why", async (_, bytes, code, what) => {
    const got: Buffer[] = [];
    const { url, sockets } = await rawServer((request, socket) => {
      socket.on("data", (data) => got.push(data));
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from(bytes)]));
    });
    const { seen, errors, socket } = setUp(url, { maxBytes: 100, closeTimeoutMs: 30 });
    await vi.waitFor(() => expect(seen).toEqual(["open", "close 1006 "]));
    expect(errors).toEqual([new Error(what)]);
    await vi.waitFor(() => expect(Buffer.concat(got)).toHaveLength(8));
    const frame = Buffer.concat(got);
    expect([frame[0], frame[1]]).toEqual([0x88, 0x82]);
    expect((frame.readUInt16BE(2) ^ frame.readUInt16BE(6)).toString()).toBe(String(code));
    sockets[0]?.write("more of it, which is thrown away");
    await socket.close(1000);
    expect(seen).toHaveLength(2);
  });

  test("because of a message that is too large reaches a server that is still sending it", async () => {
    const server = await wsServer();
    const { seen } = setUp(server.url, { maxBytes: 100_000 });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    server.socket.send(Buffer.alloc(8_000_000));
    await vi.waitFor(() => expect(seen).toEqual(["open", "close 1006 "]));
    await vi.waitFor(() => expect(server.seen).toEqual(["open /", "close 1009 "]));
  });
});

describe("a handshake", () => {
  test.each([
    [401, "", null],
    [429, "Retry-After: 7\r\n", "7"],
    [404, "", null],
    [503, "content-length: 5\r\n", null],
  ])("that is answered with %d is refused", async (status, headers, retryAfter) => {
    const { url, sockets } = await rawServer((_, socket) =>
      socket.write(`HTTP/1.1 ${status} No\r\n${headers}\r\nsorry`),
    );
    const { seen, socket } = setUp(url);
    await vi.waitFor(() => expect(seen).toEqual([`refused ${status} ${retryAfter ?? undefined}`]));
    await socket.close(1000);
    await vi.waitFor(() => expect(sockets[0]?.readableEnded).toBe(true));
    expect(seen).toHaveLength(1);
  });

  test.each([
    ["garbage", () => "220 smtp.example.com ESMTP\r\n", /something that is not HTTP$/],
    ["another protocol", () => "HTTP/1.1 101 a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", /a wrong Upgrade$/],
    ["the answer to another key", () => switching("Sec-WebSocket-Key: x\r\n"), /a wrong Sec-WebSocket-Accept$/],
    [
      "compression",
      (request: string) => switching(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
      /an extension that was not offered$/,
    ],
    ["headers without end", () => `HTTP/1.1 101 a\r\na: ${"x".repeat(20_000)}`, /more than 16384 bytes$/],
  ])("that is answered with %s fails", async (_, reply, message) => {
    const { url, sockets } = await rawServer((request, socket) => void socket.write(reply(request)));
    const { seen, errors } = setUp(url);
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors.map((error) => error.message)).toEqual([expect.stringMatching(message)]);
    await vi.waitFor(() => expect(sockets[0]?.readableEnded || sockets[0]?.closed).toBe(true));
  });

  test("that gets no answer before the connection ends is cut off", async () => {
    const { url } = await rawServer((_, socket) => socket.end());
    const { seen, errors } = setUp(url);
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors).toEqual([]);
  });

  test.each(["terminate", "close"] as const)("that is slow is given up by %s, without a word", async (how) => {
    let requests = 0;
    const { url, sockets } = await rawServer(() => requests++);
    const { seen, socket } = setUp(url);
    await vi.waitFor(() => expect(requests).toBe(1));
    if (how === "terminate") socket.terminate();
    await socket.close(1000);
    await vi.waitFor(() => expect(sockets[0]?.readableEnded).toBe(true));
    expect(seen).toEqual([]);
  });

  test("to nobody tells the error of the connection", async () => {
    const { seen, errors } = setUp("ws://127.0.0.1:1/");
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors).toMatchObject([{ code: "ECONNREFUSED" }]);
  });

  test("may be given up before it has begun", async () => {
    const { seen, socket } = setUp("ws://localhost:1/");
    await socket.close(1000);
    expect(seen).toEqual([]);
  });

  test("brings path, query and headers", async () => {
    const http = createServer();
    const server = await wsServer(http);
    let cookie: string | undefined;
    http.on("upgrade", ({ headers }) => {
      cookie = headers.cookie;
    });
    const { seen } = setUp(`${server.url}/stream?streams=a@b/c`, { headers: { cookie: "a=1" } });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    expect([server.seen, cookie]).toEqual([["open /stream?streams=a@b/c"], "a=1"]);
  });

  test("tries every address of a name", async () => {
    const plain = await wsServer();
    const secure = await tlsServer();
    for (const [scheme, { port }] of [
      ["ws", plain],
      ["wss", secure],
    ] as const) {
      const { socket, seen, messages } = setUp(`${scheme}://localhost:${port}`, {
        connect: { ca: CERTIFICATE, lookup: resolveTo("127.0.0.2", "127.0.0.1") },
      });
      await vi.waitFor(() => expect(seen).toEqual(["open"]));
      socket.trySend("there");
      await vi.waitFor(() => expect(messages).toEqual(["there"]));
    }
    const { seen, errors } = setUp("ws://localhost:1", { connect: { lookup: resolveTo("127.0.0.2", "127.0.0.1") } });
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors[0]).toBeInstanceOf(AggregateError);
    expect(errors[0]).toMatchObject({ code: "ECONNREFUSED", errors: [{ port: 1 }, { port: 1 }] });
  });
});

/** A resolver for which every name has these addresses. */
function resolveTo(...addresses: readonly string[]): LookupFunction {
  return (_, __, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
}

async function tlsServer() {
  const server = await wsServer(createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }) as unknown as Server);
  return { ...server, url: `wss://localhost:${server.port}` };
}

describe("over TLS", () => {
  test("messages of all sizes go there and come back", async () => {
    const { url } = await tlsServer();
    const { socket, seen, messages } = setUp(url, { connect: { ca: CERTIFICATE, family: 4 } });
    await vi.waitFor(() => expect(seen).toEqual(["open"]));
    const sent = SIZES.map((size) => Buffer.alloc(size, size));
    for (const message of sent) socket.trySend(message);
    await vi.waitFor(() => expect(messages).toHaveLength(sent.length));
    expect(messages.map(digest)).toEqual(sent.map(digest));
    await socket.close(1000);
    expect(seen).toEqual(["open", "close 1000 "]);
  });

  test("a certificate that nobody vouches for is refused", async () => {
    const { url, seen: told } = await tlsServer();
    const { seen, errors } = setUp(url, { connect: { family: 4 } });
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors).toMatchObject([{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }]);
    expect(told).toEqual([]);
  });

  test("a certificate of another host is refused", async () => {
    const { port } = await tlsServer();
    const { seen, errors } = setUp(`wss://127.0.0.1:${port}`, { connect: { ca: CERTIFICATE } });
    await vi.waitFor(() => expect(seen).toEqual(["close 1006 "]));
    expect(errors).toMatchObject([{ code: "ERR_TLS_CERT_ALTNAME_INVALID" }]);
  });
});
