import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { NetworkError, TimeoutError } from "../../src/index.ts";
import { HttpPool } from "../../src/transport/pool.ts";
import { FakeVenue, type FakeVenueOptions, sendJson } from "../support/fake-venue.ts";
import { rejectionOf } from "../support/rejection.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(
  onRequest: FakeVenueOptions["onRequest"],
  options: { callTimeoutMs?: number; connections?: number } = {},
) {
  const venue = await FakeVenue.create(onRequest === undefined ? {} : { onRequest });
  closers.push(() => venue.close());
  return { venue, pool: poolFor(venue.urls.rest, options) };
}

function poolFor(origin: string, { callTimeoutMs = 10_000, connections = 4 } = {}): HttpPool {
  const pool = new HttpPool({ origin, connectTimeoutMs: 5_000, callTimeoutMs, connections });
  closers.push(() => pool.close());
  return pool;
}

/** A TCP server that hands its raw sockets to the test. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<{ origin: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // the client resets it
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://127.0.0.1:${address.port}`, server };
}

const get = { method: "GET", path: "/api/v3/time?secret=1", headers: {} } as const;

describe("an answer", () => {
  test("comes back with its status, its words and Retry-After, whatever the status", async () => {
    const { pool, venue } = await setUp((_, response) =>
      sendJson(response, { msg: "später" }, 429, { "retry-after": "3" }),
    );
    expect(await pool.send(get)).toEqual({ status: 429, retryAfter: "3", text: '{"msg":"später"}' });
    expect(venue.requests).toHaveLength(1); // no status is a reason to send again
  });

  test("of several chunks is joined, also inside a character", async () => {
    const text = "ä".repeat(50_000);
    const { pool } = await setUp((_, response) => {
      const bytes = Buffer.from(text, "utf8");
      response.write(bytes.subarray(0, 33_333));
      response.end(bytes.subarray(33_333));
    });
    expect((await pool.send(get)).text).toBe(text);
  });

  test("a body and its headers arrive as given", async () => {
    const { pool, venue } = await setUp((_, response) => sendJson(response, {}));
    await pool.send({ method: "POST", path: "/x?a=1", headers: { "X-MBX-APIKEY": "key" }, body: "b=2" });
    expect(venue.requests[0]).toMatchObject({ method: "POST", path: "/x", headers: { "x-mbx-apikey": "key" } });
    expect([...(venue.requests[0]?.params ?? [])]).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  test("leaves its connection for a later call", async () => {
    const { pool, venue } = await setUp((_, response) => sendJson(response, {}), { connections: 20 });
    for (let i = 0; i < 10; i++) await pool.send(get);
    expect(venue.connections).toBeLessThanOrEqual(2); // undici lets a connection rest for one turn of the event loop
  });
});

describe("onSent", () => {
  test("is called once, before the venue can have read the request", async () => {
    const moments: string[] = [];
    const { pool } = await setUp((_, response) => {
      moments.push("received");
      sendJson(response, {});
    });
    for (let i = 0; i < 2; i++) await pool.send({ ...get, onSent: () => moments.push("sent") });
    expect(moments).toEqual(["sent", "received", "sent", "received"]);
  });

  test("that throws stops the request before its first byte", async () => {
    const { pool, venue } = await setUp((_, response) => sendJson(response, {}));
    const onSent = () => {
      throw new Error("the journal is full");
    };
    const error = await rejectionOf(pool.send({ ...get, onSent }));
    expect(error).toMatchObject({ outcome: "unsent", cause: { message: "the journal is full" } });
    await pool.send(get);
    expect(venue.requests).toHaveLength(1);
  });

  test("is not called for a request that finds nobody listening", async () => {
    const { origin, server } = await rawServer(() => {});
    await new Promise((resolve) => server.close(resolve));
    const onSent = vi.fn();
    const error = await rejectionOf(poolFor(origin).send({ ...get, onSent }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ outcome: "unsent", cause: { code: "ECONNREFUSED" } });
    expect(onSent).not.toHaveBeenCalled();
  });
});

describe("a failure after the first byte has an unknown outcome", () => {
  test("when the connection is reset once the request was read", async () => {
    const { pool, venue } = await setUp((_, __, socket) => socket.resetAndDestroy());
    const error = await rejectionOf(pool.send({ ...get, method: "POST", body: "x=1" }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(venue.requests).toHaveLength(1);
  });

  test("when the connection is closed in the middle of the answer", async () => {
    const { pool, venue } = await setUp((_, response, socket) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => socket.destroy());
    });
    expect(await rejectionOf(pool.send(get))).toMatchObject({ code: "NETWORK", outcome: "unknown" });
    expect(venue.requests).toHaveLength(1); // not even a GET is repeated
  });

  test("when an idle connection turns out to be dead", async () => {
    const { pool, venue } = await setUp((_, response, socket) => {
      if (venue.requests.length === 1) sendJson(response, {});
      else socket.destroy();
    });
    await pool.send(get);
    expect(await rejectionOf(pool.send(get))).toMatchObject({ outcome: "unknown" });
    expect(venue.requests).toHaveLength(2);
  });

  test("when nothing comes back in time; the late answer reaches nobody", async () => {
    const sockets: Socket[] = [];
    const { pool, venue } = await setUp((_, __, socket) => sockets.push(socket), { callTimeoutMs: 50 });
    const error = await rejectionOf(pool.send(get));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/api\/v3\/time got no answer in 50 ms$/);
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true)); // its connection is not used again
    expect(venue.requests).toHaveLength(1);
  });

  test("when the answer is no HTTP; what the venue echoed is not kept", async () => {
    const { origin } = await rawServer((socket) => socket.on("data", (data) => socket.end(`echo ${data.toString()}`)));
    const error = await rejectionOf(poolFor(origin).send(get));
    expect(error).toMatchObject({ code: "NETWORK", outcome: "unknown" });
    expect(inspect(error, { depth: 10 })).not.toContain("secret=1");
    expect(inspect(error, { depth: 10 })).not.toContain(
      Buffer.from("secret=1")
        .toString("hex")
        .replace(/(..)(?!$)/g, "$1 "),
    );
  });
});

describe("a failure before the first byte is unsent", () => {
  test("when a TLS handshake is never answered", async () => {
    const { origin } = await rawServer(() => {});
    const pool = poolFor(origin.replace("http:", "https:"), { callTimeoutMs: 50 });
    const onSent = vi.fn();
    expect(await rejectionOf(pool.send({ ...get, onSent }))).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(onSent).not.toHaveBeenCalled();
  });

  test("when its time ends while it waits for a free connection, and it is not sent later", async () => {
    const answers: (() => void)[] = [];
    const { pool, venue } = await setUp((_, response) => answers.push(() => sendJson(response, {})), {
      callTimeoutMs: 300,
      connections: 1,
    });
    const first = pool.send(get);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const stop = new AbortController();
    const onSent = vi.fn();
    const second = rejectionOf(pool.send({ ...get, onSent, signal: stop.signal }));
    stop.abort(new Error("changed my mind"));
    expect(await second).toMatchObject({ outcome: "unsent", cause: { message: "changed my mind" } });
    answers[0]?.();
    await first;
    const third = pool.send(get);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    await third;
    expect(venue.requests).toHaveLength(2);
    expect(onSent).not.toHaveBeenCalled();
  });

  test("when the signal is aborted beforehand", async () => {
    const { pool, venue } = await setUp((_, response) => sendJson(response, {}));
    const error = await rejectionOf(pool.send({ ...get, signal: AbortSignal.abort(new Error("too late")) }));
    expect(error).toMatchObject({ outcome: "unsent", cause: { message: "too late" } });
    expect(venue.requests).toHaveLength(0);
  });
});

test("aborting a request on the wire ends it with an unknown outcome, and its connection", async () => {
  const sockets: Socket[] = [];
  const { pool } = await setUp((_, __, socket) => sockets.push(socket));
  const stop = new AbortController();
  const sent = rejectionOf(pool.send({ ...get, signal: stop.signal }));
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  stop.abort(new Error("enough"));
  expect(await sent).toMatchObject({ outcome: "unknown", cause: { message: "enough" } });
  await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true));
});

test("a call that has ended leaves no timer and no listener", async () => {
  const { pool } = await setUp((_, response) => sendJson(response, {}));
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const { signal } = new AbortController();
  const remove = vi.spyOn(signal, "removeEventListener");
  await Promise.all(Array.from({ length: 8 }, () => pool.send({ ...get, signal })));
  expect(timers()).toBeLessThan(before + 8);
  expect(remove).toHaveBeenCalledTimes(8);
});

test("close ends the calls under way and every connection; later calls are unsent", async () => {
  const { pool, venue } = await setUp(() => {});
  const sent = rejectionOf(pool.send(get));
  await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
  await pool.close();
  expect(await sent).toMatchObject({ outcome: "unknown" });
  await vi.waitFor(() => expect(venue.connections).toBe(0));
  expect(await rejectionOf(pool.send(get))).toMatchObject({ outcome: "unsent" });
});

test("many calls share the connections there are", async () => {
  const { pool, venue } = await setUp((request, response) => sendJson(response, { i: request.params.get("i") }), {
    connections: 3,
  });
  let most = 0;
  const texts = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const { text } = await pool.send({ ...get, path: `/x?i=${i}` });
      most = Math.max(most, venue.connections);
      return text;
    }),
  );
  expect(texts).toEqual(Array.from({ length: 60 }, (_, i) => `{"i":"${i}"}`));
  expect(most).toBeLessThanOrEqual(3);
});
