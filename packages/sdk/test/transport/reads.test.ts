import { describe, expect, test, vi } from "vitest";
import { createEvents } from "../../src/client-events.ts";
import {
  BudgetExhaustedError,
  CallAbortedError,
  InvalidInputError,
  NetworkError,
  ProtocolError,
  RateLimitError,
  RejectedError,
  TimeoutError,
  VenueUnavailableError,
} from "../../src/index.ts";
import { HostList } from "../../src/region/host-list.ts";
import { Reads, type ReadsOptions } from "../../src/transport/reads.ts";
import { toError } from "../../src/venues/binance/errors.ts";
import { sendJson } from "../support/fake-venue.ts";
import { rejectionOf } from "../support/rejection.ts";
import { clock, closing, createVenue, deadOrigin, rawServer } from "./support.ts";

function setUp(origins: readonly string[], options: Partial<ReadsOptions> = {}) {
  const events = createEvents();
  const told: string[] = [];
  events.on("retried", ({ call, attempt }) => told.push(`retried ${call} ${attempt}`));
  events.on("rateLimited", ({ retryAfterMs }) => told.push(`rateLimited ${retryAfterMs}`));
  const endpoints = origins.map((url, i) => ({ region: `r${i}`, url }));
  const stop = new AbortController();
  const reads = new Reads({
    hosts: new HostList({ service: "rest", endpoints, events }),
    toError,
    usedWeightHeader: "x-mbx-used-weight-1m",
    requestWeight: 1_000,
    connectTimeoutMs: 1_000,
    callTimeoutMs: 5_000,
    connections: 2,
    retries: 3,
    events,
    closing: stop.signal,
    clock,
    random: { next: () => 0 },
    ...options,
  });
  closing(() => reads.close());
  return { reads, told, stop };
}

test("brings the text of a reply", async () => {
  const venue = await createVenue((_request, response) => sendJson(response, { serverTime: 1 }));
  const { reads } = setUp([venue.urls.rest]);
  expect(await reads.get("/api/v3/time?a=1", 1)).toBe('{"serverTime":1}');
  expect(venue.requests).toMatchObject([{ method: "GET", path: "/api/v3/time" }]);
});

describe("a host that fails", () => {
  test("is left at once for the next one, without a repeat", async () => {
    const busy = await createVenue((_request, response) => sendJson(response, {}, 503));
    const well = await createVenue((_request, response) => sendJson(response, []));
    const { reads, told } = setUp([await deadOrigin(), busy.urls.rest, well.urls.rest]);
    expect(await reads.get("/x", 1)).toBe("[]");
    expect([busy.requests.length, well.requests.length, told]).toEqual([1, 1, []]);
  });

  test("and is all there is, is tried again after a pause, and its error is thrown in the end", async () => {
    const venue = await createVenue((_request, response) => sendJson(response, {}, 500));
    const { reads, told } = setUp([venue.urls.rest], { retries: 2 });
    expect(await rejectionOf(reads.get("/x?secret=1", 1))).toBeInstanceOf(VenueUnavailableError);
    expect(venue.requests).toHaveLength(3);
    expect(told).toEqual(["retried GET /x 1", "retried GET /x 2"]);
    const { reads: dead } = setUp([await deadOrigin()], { retries: 0 });
    const error = await rejectionOf(dead.get("/x?secret=1", 1));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.message).not.toContain("secret");
  });

  test("by saying nothing, is left after 3 s while there is another", async () => {
    const silent = await rawServer(() => {});
    const well = await createVenue((_request, response) => sendJson(response, []));
    const { reads } = setUp([silent.origin, well.urls.rest], { callTimeoutMs: 20_000 });
    expect(await reads.get("/x", 1)).toBe("[]");
  });

  test("in the middle of an answer, is a failure like others", async () => {
    const half = await rawServer((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
    );
    const well = await createVenue((_request, response) => sendJson(response, []));
    const { reads } = setUp([half.origin, well.urls.rest]);
    expect(await reads.get("/x", 1)).toBe("[]");
  });
});

test("a refusal is no host's fault: it is thrown, and not repeated", async () => {
  const venue = await createVenue((_request, response) =>
    sendJson(response, { code: -1121, msg: "Invalid symbol." }, 400),
  );
  const { reads, told } = setUp([venue.urls.rest, venue.urls.rest]);
  const error = await rejectionOf(reads.get("/x", 1));
  expect(error).toBeInstanceOf(RejectedError);
  expect(error).toMatchObject({ venueCode: -1121, outcome: "refused" });
  expect([venue.requests.length, told]).toEqual([1, []]);
});

test("an answer that is too large is a ProtocolError, and not repeated", async () => {
  const mebibyte = Buffer.alloc(2 ** 20, 32);
  let answers = 0;
  const { origin } = await rawServer((socket) =>
    socket.once("data", () => {
      answers++;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 27}\r\n\r\n`);
      for (let i = 0; i < 65; i++) socket.write(mebibyte);
    }),
  );
  const { reads } = setUp([origin]);
  expect(await rejectionOf(reads.get("/x", 1))).toBeInstanceOf(ProtocolError);
  expect(answers).toBe(1);
});

describe("the venue's limits", () => {
  test("after a 429 every call waits as long as the venue asks, and fails when it has no time for that", async () => {
    let isLimited = true;
    const venue = await createVenue((_request, response) =>
      isLimited
        ? sendJson(response, { code: -1003, msg: "Too many." }, 429, { "retry-after": "30" })
        : sendJson(response, 1),
    );
    const { reads, told } = setUp([venue.urls.rest]);
    expect(await rejectionOf(reads.get("/x", 1))).toMatchObject({ retryAfterMs: 30_000 });
    isLimited = false;
    const error = await rejectionOf(reads.get("/y", 1));
    expect(error).toBeInstanceOf(BudgetExhaustedError);
    expect((error as BudgetExhaustedError).retryAfterMs).toBeGreaterThan(25_000);
    expect([venue.requests.length, told]).toEqual([1, ["rateLimited 30000"]]);
  });

  test("a short pause is waited for, and the call made again", async () => {
    let answers = 0;
    const venue = await createVenue((_request, response) =>
      answers++ === 0 ? sendJson(response, {}, 429, { "retry-after": "1" }) : sendJson(response, 1),
    );
    const { reads, told } = setUp([venue.urls.rest]);
    expect(await reads.get("/x", 1)).toBe("1");
    expect(told).toEqual(["rateLimited 1000", "retried GET /x 1"]);
  });

  test("weight is spent before the wire, by each try", async () => {
    const venue = await createVenue((_request, response) => sendJson(response, 1));
    const { reads } = setUp([venue.urls.rest], { requestWeight: 100, retries: 0 });
    await reads.get("/x", 60);
    await reads.get("/x", 40);
    expect(await rejectionOf(reads.get("/x", 1))).toBeInstanceOf(BudgetExhaustedError);
    expect(venue.requests).toHaveLength(2);
    expect(await rejectionOf(reads.get("/x", 101))).toBeInstanceOf(InvalidInputError);
  });

  test("the venue's own count holds calls back too: others may use the address", async () => {
    const venue = await createVenue((_request, response) =>
      sendJson(response, 1, 200, { "x-mbx-used-weight-1m": "1000" }),
    );
    // In the middle of a minute, so that the count is still of this one.
    const startUs = Math.floor(clock.nowUs() / 6e7) * 6e7 + 3e7;
    const zeroNs = clock.monotonicNs();
    const nowUs = () => startUs + Math.round((clock.monotonicNs() - zeroNs) / 1e3);
    const steady = { monotonicNs: () => clock.monotonicNs(), sleep: clock.sleep.bind(clock), nowUs };
    const { reads } = setUp([venue.urls.rest], { clock: steady, retries: 0 });
    await reads.get("/x", 1);
    expect(await rejectionOf(reads.get("/x", 1))).toBeInstanceOf(BudgetExhaustedError);
  });
});

describe("a call ends", () => {
  const silence = () => createVenue(() => {});

  test("with the signal's reason when its caller aborts", async () => {
    const venue = await silence();
    const { reads } = setUp([venue.urls.rest]);
    const abort = new AbortController();
    const pending = rejectionOf(reads.get("/x", 1, { signal: abort.signal }));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    const reason = new Error("not wanted any more");
    abort.abort(reason);
    expect(await pending).toBe(reason);
    expect(await rejectionOf(reads.get("/x", 1, { signal: abort.signal }))).toBe(reason);
    expect(venue.requests).toHaveLength(1);
  });

  test("with a TimeoutError after its time", async () => {
    const venue = await silence();
    const { reads } = setUp([venue.urls.rest]);
    const error = await rejectionOf(reads.get("/x", 1, { timeoutMs: 30 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe("GET /x got no answer in 30 ms");
  });

  test("when the client is closed, and those are refused unsent that come once it has begun to", async () => {
    const venue = await silence();
    const { reads, stop } = setUp([venue.urls.rest]);
    const pending = rejectionOf(reads.get("/x", 1));
    await vi.waitFor(() => expect(venue.requests).toHaveLength(1));
    stop.abort();
    expect(await rejectionOf(reads.get("/x", 1))).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    await reads.close();
    expect(await pending).toBeInstanceOf(CallAbortedError);
    expect(venue.requests).toHaveLength(1);
    await vi.waitFor(() => expect(venue.connections).toBe(0));
  });
});

test("what a call asks for goes before the client's rules", async () => {
  const venue = await createVenue((_request, response) => sendJson(response, {}, 500));
  const { reads } = setUp([venue.urls.rest]);
  await rejectionOf(reads.get("/x", 1, { retries: 0 }));
  expect(venue.requests).toHaveLength(1);
});

test("a limit that has been told stays a RateLimitError", async () => {
  const venue = await createVenue((_request, response) => sendJson(response, {}, 418, { "retry-after": "60" }));
  const { reads } = setUp([venue.urls.rest]);
  expect(await rejectionOf(reads.get("/x", 1))).toBeInstanceOf(RateLimitError);
});
