import { getEventListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test, vi } from "vitest";
import { NetworkError, ProtocolError, TimeoutError } from "../../src/errors.ts";
import { Attempt } from "../../src/transport/attempt.ts";
import { CallAbortedError } from "../../src/transport/errors.ts";
import type { PoolsOptions } from "../../src/transport/pools.ts";
import type { CallOptions } from "../../src/transport/transport.ts";
import { type FakeVenueOptions, sendJson } from "../support/fake-venue.ts";
import { rejectionOf } from "../support/rejection.ts";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";
import {
  callTo,
  clock,
  closing,
  createTestPools,
  createVenue,
  deadOrigin,
  get,
  post,
  rawServer,
  textOf,
} from "./support.ts";

async function setUp(onRequest: FakeVenueOptions["onRequest"], options: Partial<PoolsOptions> = {}) {
  const venue = await createVenue(onRequest);
  return { venue, ...senderTo(venue.urls.rest, options) };
}

function senderTo(origin: string, options: Partial<PoolsOptions> = {}) {
  const pools = createTestPools({ connections: 4, ...options });
  return { pools, send: (call: CallOptions) => pools.send(callTo(origin, call)) };
}

describe("an answer", () => {
  test("comes back with its status, headers and bytes, whatever the status", async () => {
    const { send, venue } = await setUp((_, response) =>
      sendJson(response, { msg: "später" }, 429, { "Retry-After": "3", "set-cookie": "a=1" }),
    );
    const reply = await send(get);
    expect(reply.status).toBe(429);
    expect(reply.headers).toMatchObject({ "retry-after": "3", "content-type": "application/json" });
    expect(textOf(reply)).toBe('{"msg":"später"}');
    expect(venue.requests).toHaveLength(1); // no status is a reason to send again
  });

  test("may repeat a header", async () => {
    const { send } = await setUp((_, response) => {
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.end();
    });
    expect((await send(get)).headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  });

  test("may be empty", async () => {
    const { send } = await setUp((_, response) => response.writeHead(204).end());
    expect(await send(get)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
  });

  test("of several chunks is joined, also inside a character", async () => {
    const text = "ä".repeat(50_000);
    const { send } = await setUp((_, response) => {
      const bytes = Buffer.from(text, "utf8");
      response.write(bytes.subarray(0, 33_333));
      response.end(bytes.subarray(33_333));
    });
    expect(textOf(await send(get))).toBe(text);
  });

  test("leaves its connection for a later call", async () => {
    const { send, venue } = await setUp((_, response) => sendJson(response, {}), { connections: 20 });
    for (let i = 0; i < 10; i++) await send(get);
    expect(venue.connections).toBeLessThanOrEqual(2); // undici lets a connection rest for one turn of the event loop
  });

  test("is on the call as well, with the moment its request was sent", async () => {
    const { pools, venue } = await setUp((_, response) => sendJson(response, {}, 503));
    const call = callTo(venue.urls.rest, get);
    const beforeNs = clock.monotonicNs();
    const reply = await pools.send(call);
    expect(call.reply).toBe(reply);
    expect(call.sentNs).toBeGreaterThan(beforeNs);
    expect(call.sentNs).toBeLessThan(clock.monotonicNs());
  });

  test("that is too large is refused, and nobody takes it for a failure of the network", async () => {
    const { send } = await setUp((_, response) => response.end("x".repeat(5_000)), { maxResponseBytes: 4_096 });
    const error = await rejectionOf(send(get));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ outcome: "unknown", retryable: false });
  });
});

describe("what is sent", () => {
  test.each(["GET", "POST", "PUT", "DELETE"] as const)(
    "%s: path, query, headers and body arrive as given",
    async (method) => {
      const { send, venue } = await setUp((_, response) => sendJson(response, {}));
      const body = method === "GET" ? {} : { body: "b=2" };
      await send({ method, path: "/x", query: "a=1", headers: { "X-MBX-APIKEY": "key" }, isRead: true, ...body });
      expect(venue.requests[0]).toMatchObject({ method, path: "/x", headers: { "x-mbx-apikey": "key" } });
      const params = Object.fromEntries(venue.requests[0]?.params ?? []);
      expect(params).toEqual(method === "GET" ? { a: "1" } : { a: "1", b: "2" });
    },
  );

  test("is what the layers made of the call", async () => {
    const { pools, venue } = await setUp((_, response) => sendJson(response, {}));
    const call = callTo(venue.urls.rest, post);
    call.sentQuery = "signature=abc";
    call.sentHeaders = { "x-key": "key" };
    call.sentBody = "x=1&timestamp=2";
    await pools.send(call);
    expect(Object.fromEntries(venue.requests[0]?.params ?? [])).toEqual({ signature: "abc", x: "1", timestamp: "2" });
    expect(venue.requests[0]?.headers["x-key"]).toBe("key");
  });

  test("goes to the origin of the call, each over its own connections", async () => {
    const [one, two] = [
      await createVenue((_, response) => response.end("1")),
      await createVenue((_, response) => response.end("2")),
    ];
    const { send } = createTestPools();
    expect(textOf(await send(callTo(one.urls.rest, get)))).toBe("1");
    expect(textOf(await send(callTo(two.urls.rest, get)))).toBe("2");
  });

  test("is refused when HTTP does not allow it; nothing was sent and nothing of it is shown", async () => {
    const { send, venue } = await setUp((_, response) => sendJson(response, {}));
    const error = await rejectionOf(send({ ...get, headers: { "x-key": "se\ncret" } }));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(inspect(error)).not.toContain("cret");
    expect(venue.requests).toHaveLength(0);
  });
});

describe("onSent", () => {
  test("is called once, with the time, before the venue can have read the request", async () => {
    const moments: string[] = [];
    const { send } = await setUp((_, response) => {
      moments.push("received");
      sendJson(response, {});
    });
    const onSent = (sentNs: number) => {
      expect(sentNs).toBeLessThanOrEqual(clock.monotonicNs());
      moments.push("sent");
    };
    for (let i = 0; i < 2; i++) await send({ ...get, onSent });
    expect(moments).toEqual(["sent", "received", "sent", "received"]);
  });

  test("that throws stops the request before its first byte, for good", async () => {
    const { send, venue } = await setUp((_, response) => sendJson(response, {}));
    const onSent = () => {
      throw new Error("the journal is full");
    };
    const error = await rejectionOf(send({ ...get, onSent }));
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ outcome: "unsent", retryable: false, cause: { message: "the journal is full" } });
    await send(get);
    expect(venue.requests).toHaveLength(1);
  });

  test("that aborts its own call stops it before its first byte", async () => {
    const { send, venue } = await setUp((_, response) => sendJson(response, {}));
    for (let i = 0; i < 2; i++) {
      const stop = new AbortController();
      const error = await rejectionOf(send({ ...post, signal: stop.signal, onSent: () => stop.abort() }));
      expect(error).toMatchObject({ outcome: "unsent" });
    }
    await send(get);
    expect(venue.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  test("is not called for a request that finds nobody listening", async () => {
    const onSent = vi.fn();
    const error = await rejectionOf(senderTo(await deadOrigin()).send({ ...get, onSent }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ outcome: "unsent", cause: { code: "ECONNREFUSED" } });
    expect(onSent).not.toHaveBeenCalled();
  });
});

describe("a failure after the first byte has an unknown outcome", () => {
  test("when the connection is reset once the request was read", async () => {
    const { send, venue } = await setUp((_, __, socket) => socket.resetAndDestroy());
    const error = await rejectionOf(send(post));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(venue.requests).toHaveLength(1);
  });

  test("when the connection is closed in the middle of the answer", async () => {
    const { send, venue } = await setUp((_, response, socket) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => socket.destroy());
    });
    expect(await rejectionOf(send(get))).toMatchObject({ code: "NETWORK", outcome: "unknown" });
    expect(venue.requests).toHaveLength(1); // not even a GET is repeated
  });

  test("when an idle connection turns out to be dead", async () => {
    const { send, venue } = await setUp((_, response, socket) => {
      if (venue.requests.length === 1) sendJson(response, {});
      else socket.destroy();
    });
    await send(get);
    expect(await rejectionOf(send(get))).toMatchObject({ outcome: "unknown" });
    expect(venue.requests).toHaveLength(2);
  });

  test("when nothing comes back in time; the late answer reaches nobody", async () => {
    const sockets: Socket[] = [];
    const { send, venue } = await setUp((_, __, socket) => sockets.push(socket), { callTimeoutMs: 1_000 });
    const error = await rejectionOf(send(get));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/api\/v3\/time got no answer in 1000 ms$/);
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true)); // its connection is not used again
    expect(venue.requests).toHaveLength(1);
  });

  test("when the answer is no HTTP; what the venue echoed is not kept", async () => {
    const { origin } = await rawServer((socket) => socket.on("data", (data) => socket.end(`echo ${data.toString()}`)));
    const error = await rejectionOf(senderTo(origin).send(get));
    expect(error).toMatchObject({ code: "NETWORK", outcome: "unknown" });
    const shown = inspect(error, { depth: 10, showHidden: true });
    expect(shown).not.toContain("secret=1");
    expect(shown).not.toContain(
      Buffer.from("secret=1")
        .toString("hex")
        .replace(/(..)(?!$)/g, "$1 "),
    );
  });
});

describe("a failure before the first byte is unsent", () => {
  test("when a TLS handshake is never answered", async () => {
    const { origin } = await rawServer(() => {});
    const { send } = senderTo(origin.replace("http:", "https:"), { callTimeoutMs: 50 });
    const onSent = vi.fn();
    expect(await rejectionOf(send({ ...get, onSent }))).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(onSent).not.toHaveBeenCalled();
  });

  test("when connecting takes too long", async () => {
    const { origin } = await rawServer(() => {});
    const { send } = senderTo(origin.replace("http:", "https:"), { connectTimeoutMs: 20 });
    expect(await rejectionOf(send(get))).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
  });

  test("when its time ends while it waits for a free connection, and it is not sent later", async () => {
    const answers: (() => void)[] = [];
    const { send, venue } = await setUp((_, response) => answers.push(() => sendJson(response, {})), {
      connections: 1,
    });
    const first = send(get);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const onSent = vi.fn();
    const stop = new AbortController();
    const aborted = rejectionOf(send({ ...get, onSent, signal: stop.signal }));
    const late = rejectionOf(send({ ...get, onSent, timeoutMs: 20 }));
    stop.abort(new Error("changed my mind"));
    expect(await aborted).toMatchObject({ outcome: "unsent", cause: { message: "changed my mind" } });
    expect(await late).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    answers[0]?.();
    await first;
    const third = send(get);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    await third;
    expect(venue.requests).toHaveLength(2);
    expect(onSent).not.toHaveBeenCalled();
  });

  test("when the signal is aborted beforehand", async () => {
    const { send, venue } = await setUp((_, response) => sendJson(response, {}));
    const error = await rejectionOf(send({ ...get, signal: AbortSignal.abort(new Error("too late")) }));
    expect(error).toMatchObject({ outcome: "unsent", retryable: false, cause: { message: "too late" } });
    expect(venue.requests).toHaveLength(0);
  });

  test("when there is no time left", async () => {
    const { pools, venue } = await setUp((_, response) => sendJson(response, {}));
    const call = callTo(venue.urls.rest, get);
    call.deadlineNs = clock.monotonicNs();
    expect(await rejectionOf(pools.send(call))).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(venue.requests).toHaveLength(0);
  });
});

test("an attempt refuses to be written twice, whatever undici does, and its outcome is unknown", async () => {
  const sent = new Promise((resolve, reject) => {
    const attempt = new Attempt(callTo("http://a.test", post), clock, resolve, reject);
    attempt.onConnect(() => {});
    expect(() => attempt.onConnect(() => {})).toThrow("twice");
    attempt.onError(new Error("a request must not be written twice"));
  });
  expect(await rejectionOf(sent)).toMatchObject({ code: "NETWORK", outcome: "unknown" });
});

describe("abandoning", () => {
  test("ends a read on the wire, and its connection", async () => {
    const sockets: Socket[] = [];
    const { pools, venue } = await setUp((_, __, socket) => sockets.push(socket));
    const call = callTo(venue.urls.rest, get);
    const sent = rejectionOf(pools.send(call));
    await vi.waitFor(() => expect(sockets).toHaveLength(1));
    call.abandon("the region is down");
    expect(await sent).toMatchObject({
      code: "NETWORK",
      outcome: "unknown",
      message: expect.stringContaining("the region is down"),
    });
    await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true));
  });

  test("leaves a write on the wire alone: its answer may still come", async () => {
    const answers: (() => void)[] = [];
    const { pools, venue } = await setUp((_, response) => answers.push(() => sendJson(response, {})));
    const call = callTo(venue.urls.rest, post);
    const sent = pools.send(call);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    call.abandon("the region is down");
    answers[0]?.();
    expect(await sent).toMatchObject({ status: 200 });
  });

  test("ends a write that still waits for its connection, unsent", async () => {
    const { origin } = await rawServer(() => {});
    const { pools } = senderTo(origin);
    const call = callTo(origin.replace("http:", "https:"), post);
    const sent = rejectionOf(pools.send(call));
    call.abandon("the region is down");
    expect(await sent).toMatchObject({ code: "NETWORK", outcome: "unsent" });
  });

  test("before the pool has the call keeps it from being sent", async () => {
    const { pools, venue } = await setUp((_, response) => sendJson(response, {}));
    const call = callTo(venue.urls.rest, post);
    call.abandon("the region is down");
    expect(await rejectionOf(pools.send(call))).toMatchObject({ code: "NETWORK", outcome: "unsent" });
    expect(venue.requests).toHaveLength(0);
  });
});

test("aborting a request on the wire ends it with an unknown outcome, and its connection", async () => {
  const sockets: Socket[] = [];
  const { send } = await setUp((_, __, socket) => sockets.push(socket));
  const stop = new AbortController();
  const sent = rejectionOf(send({ ...get, signal: stop.signal }));
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  stop.abort(new Error("enough"));
  expect(await sent).toMatchObject({ code: "ABORTED", outcome: "unknown", cause: { message: "enough" } });
  await vi.waitFor(() => expect(sockets[0]?.destroyed).toBe(true));
});

test("a call that has ended leaves no listener", async () => {
  const { send } = await setUp((_, response) => sendJson(response, {}));
  const { signal } = new AbortController();
  const sent = Promise.all(Array.from({ length: 8 }, () => send({ ...get, signal })));
  expect(getEventListeners(signal, "abort")).toHaveLength(1); // one for all of them
  await sent;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("close ends the calls under way and every connection; later calls are unsent, and nobody repeats them", async () => {
  const { pools, send, venue } = await setUp(() => {});
  const sent = rejectionOf(send(get));
  await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
  await pools.close();
  expect(await sent).toMatchObject({ code: "ABORTED", outcome: "unknown", retryable: false });
  await vi.waitFor(() => expect(venue.connections).toBe(0));
  expect(await rejectionOf(send(get))).toMatchObject({ code: "ABORTED", outcome: "unsent", retryable: false });
});

test("many calls share the connections there are", async () => {
  const { send, venue } = await setUp((request, response) => sendJson(response, { i: request.params.get("i") }), {
    connections: 3,
  });
  let most = 0;
  const texts = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const reply = await send({ ...get, query: `i=${i}` });
      most = Math.max(most, venue.connections);
      return textOf(reply);
    }),
  );
  expect(texts).toEqual(Array.from({ length: 60 }, (_, i) => `{"i":"${i}"}`));
  expect(most).toBeLessThanOrEqual(3);
});

describe("names and addresses", () => {
  test("a host is asked for once, and its addresses are tried until one answers", async () => {
    const { origin, server } = await rawServer((socket) =>
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")),
    );
    const { port } = server.address() as AddressInfo;
    const asked: string[] = [];
    const { send } = createTestPools({
      lookup: (hostname, _, callback) => {
        asked.push(hostname);
        // Nobody listens at the first: the server is on 127.0.0.1 only.
        setImmediate(callback, null, [
          { address: "127.0.0.2", family: 4 },
          { address: "127.0.0.1", family: 4 },
        ]);
      },
    });
    expect(origin).toContain(String(port));
    for (let i = 0; i < 3; i++) expect(textOf(await send(callTo(`http://venue.test:${port}`, get)))).toBe("ok");
    expect(asked).toEqual(["venue.test"]); // each answer ended its connection
  });

  test("a name without an address is a failure of the network, unsent", async () => {
    const { send } = createTestPools({
      lookup: (hostname, _, callback) =>
        setImmediate(
          callback,
          Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" }),
          [],
        ),
    });
    const error = await rejectionOf(send(callTo("http://venue.test:1", get)));
    expect(error).toMatchObject({ code: "NETWORK", outcome: "unsent", cause: { code: "ENOTFOUND" } });
  });
});

test("HTTP/2 is spoken only where it was asked for", async () => {
  const versions: string[] = [];
  const onRequest = ({ httpVersion }: { httpVersion: string }, response: { end(text: string): unknown }) => {
    versions.push(httpVersion);
    response.end("ok");
  };
  const server = createSecureServer({ key: PRIVATE_KEY, cert: CERTIFICATE, allowHTTP1: true }, (request, response) =>
    onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing(() => new Promise((resolve) => server.close(resolve)));
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  for (const allowH2 of [false, true]) {
    const pools = createTestPools({ allowH2, ca: CERTIFICATE });
    const replies = await Promise.all([1, 2, 3].map(() => pools.send(callTo(origin, post))));
    expect(replies.map(textOf)).toEqual(["ok", "ok", "ok"]);
    await pools.close();
  }
  expect(versions).toEqual(["1.1", "1.1", "1.1", "2.0", "2.0", "2.0"]);
});

test("an untrusted certificate is a failure of the network, unsent", async () => {
  const server = createSecureServer({ key: PRIVATE_KEY, cert: CERTIFICATE, allowHTTP1: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing(() => new Promise((resolve) => server.close(resolve)));
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  expect(await rejectionOf(senderTo(origin).send(post))).toMatchObject({ code: "NETWORK", outcome: "unsent" });
});

describe("bad input", () => {
  test.each([
    [{ connectTimeoutMs: 0 }, /connectTimeoutMs/],
    [{ headersTimeoutMs: 999 }, /headersTimeoutMs/],
    [{ callTimeoutMs: Number.NaN }, /callTimeoutMs/],
    [{ keepAliveMs: 0.5 }, /keepAliveMs/],
    [{ connections: 0 }, /connections/],
    [{ maxOrigins: 0 }, /maxOrigins/],
    [{ maxResponseBytes: 10 }, /maxResponseBytes/],
    [{ dnsTtlMs: -1 }, /dnsTtlMs/],
    [{ addressTimeoutMs: 1 }, /addressTimeoutMs/],
  ])("%o is refused", (options, words) => {
    expect(() => createTestPools(options)).toThrow(words);
    expect(() => createTestPools(options)).toThrow(InvalidInputError);
  });

  test("an origin that is none, or one too many, is refused before anything is sent", async () => {
    const venue = await createVenue((_, response) => sendJson(response, {}));
    const { send } = createTestPools({ maxOrigins: 1 });
    for (const origin of ["", "example.com", `${venue.urls.rest}/`, `${venue.urls.rest}/api`]) {
      expect(await rejectionOf(send(callTo(origin, get)))).toBeInstanceOf(InvalidInputError);
    }
    await send(callTo(venue.urls.rest, get));
    expect((await rejectionOf(send(callTo("http://127.0.0.1:1", get)))).message).toContain("maxOrigins");
  });
});
