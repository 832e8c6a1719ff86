import { expect, test, vi } from "vitest";
import { axiomRooms } from "../../../src/venues/axiom/index.ts";
import { setUp } from "./paper-axiom.ts";

test("a client of Axiom knows its hosts, its requests and its sockets, and sees one come back", async () => {
  const { axiom, faults } = await setUp({}, { limit: { requests: 50 } });
  await axiom.market.listTrending("1h");
  const rooms = axiom.stream.rooms({ rooms: [axiomRooms.newPairs], onEvent: () => {}, onError: () => {} });
  await rooms.ready;
  const { venue, endpoints, budgets, connections, clockOffsetUs, failures } = axiom.health();
  expect({ venue, clockOffsetUs, failures }).toEqual({ venue: "axiom", clockOffsetUs: null, failures: 0 });
  const services = new Set(endpoints.map(({ service }) => service));
  expect(services.has("rest") && services.has("cluster")).toBe(true);
  expect(endpoints.find(({ service, isPresent }) => service === "rest" && isPresent)?.latencyMs).toBeGreaterThan(0);
  expect(budgets).toEqual([{ name: "requests", limit: 50, used: expect.any(Number), windowMs: 60_000, waiting: 0 }]);
  expect(budgets[0]?.used).toBeGreaterThan(0);
  expect(connections).toMatchObject([{ name: "room stream", state: "open", reconnects: 0 }]);

  faults.add({ kind: "close", venue: "axiom" });
  await vi.waitFor(
    () => expect(axiom.health().connections).toMatchObject([{ name: "room stream", state: "open", reconnects: 1 }]),
    { timeout: 20_000 },
  );
  expect(axiom.health().failures).toBeGreaterThan(0);
  await rooms.close();
  expect(axiom.health().connections).toEqual([]);
});
