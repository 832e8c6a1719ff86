import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { NetworkError, VenueUnavailableError } from "../../src/errors.ts";
import { httpProbe } from "../../src/region/prober.ts";
import { rejectionOf } from "../support/rejection.ts";
import { createTestPools, createVenue, deadOrigin } from "../transport/support.ts";

const never = new AbortController().signal;

test.each([200, 401, 404, 429])("an answer of status %i is a sign of life", async (status) => {
  const venue = await createVenue((_, response) => response.writeHead(status).end());
  await httpProbe(createTestPools().send, "/api/v3/ping")({ region: "a", url: venue.urls.rest }, never);
  expect(venue.requests).toMatchObject([{ method: "GET", path: "/api/v3/ping" }]);
});

test.each([500, 502, 503])("one of status %i is none", async (status) => {
  const venue = await createVenue((_, response) => response.writeHead(status).end());
  const probed = httpProbe(createTestPools().send, "/ping")({ region: "a", url: venue.urls.rest }, never);
  expect(await rejectionOf(probed)).toBeInstanceOf(VenueUnavailableError);
});

test("nor is a refused connection", async () => {
  const probed = httpProbe(createTestPools().send, "/ping")({ region: "a", url: await deadOrigin() }, never);
  expect(await rejectionOf(probed)).toBeInstanceOf(NetworkError);
});

test("a probe that nobody waits for any more loses its connection", async () => {
  const held: ServerResponse[] = [];
  const venue = await createVenue((_, response) => held.push(response));
  const stop = new AbortController();
  const probed = rejectionOf(
    httpProbe(createTestPools().send, "/ping")({ region: "a", url: venue.urls.rest }, stop.signal),
  );
  await vi.waitFor(() => expect(held).toHaveLength(1));
  stop.abort();
  await probed;
  await vi.waitFor(() => expect(held[0]?.destroyed).toBe(true)); // no other request can be given this connection
});
