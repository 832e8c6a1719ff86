import { encode } from "@msgpack/msgpack";
import { type Clock, createRandom, createSystemClock, InvalidInputError } from "@pitlane/perf";
import { describe, expect, onTestFinished, test } from "vitest";
import type { WebSocket } from "ws";
import { ProtocolError } from "../../../src/errors.ts";
import { pulseIndex } from "../../../src/venues/axiom/endpoints.ts";
import { type AxiomOptions, createAxiom, type PulseEvent, pulseFilter } from "../../../src/venues/axiom/index.ts";
import type { PulseStreamOptions } from "../../../src/venues/axiom/pulse-stream.ts";
import { pulseColumns } from "./examples.ts";
import { authCookies, type FakeOptions, fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

const TABLES = { newPairs: [pulseColumns("a")], finalStretch: [], migrated: [] };

async function setUpFake(fakeOptions: FakeOptions = {}, options: AxiomOptions = {}) {
  const received: { type: string; state: Record<string, unknown> }[] = [];
  const fake = await fakeAxiom({
    onSocket: (socket) =>
      socket.on("message", (data) => {
        received.push(JSON.parse(data.toString()));
        if (received.length > 1 && received.at(-1)?.state["filters"] === undefined) return;
        socket.send(encode([0, TABLES]));
      }),
    ...fakeOptions,
  });
  const axiom = createAxiom({
    urls: fake.urls,
    session: { accessToken: token("user", 900), refreshToken: "refresh" },
    ...options,
  });
  onTestFinished(() => axiom.close());
  const errors: Error[] = [];
  const open = async (of: Partial<PulseStreamOptions> = {}) => {
    const events: PulseEvent[] = [];
    const stream = axiom.stream.pulse({
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
      ...of,
    });
    await stream.ready;
    return { stream, events };
  };
  return { fake, axiom, open, errors, received };
}

test.each(["msgpack", "json"] as const)(
  "tables of the paper venue are kept as its %s frames tell",
  async (pulseFrames) => {
    const { axiom } = await setUp({ pulseFrames });
    const errors: Error[] = [];
    const kinds = new Set<string>();
    const stream = axiom.stream.pulse({
      onEvent: (event) => {
        kinds.add(event.kind);
        if (event.kind !== "changed" && event.kind !== "added") return;
        if (!stream.rows(event.table).includes(event.row))
          throw new Error("the table does not have the row of the event");
      },
      onError: (error) => errors.push(error),
    });
    await until(() => kinds.has("replaced") && kinds.has("changed") && kinds.has("added"));
    for (const row of stream.rows("newPairs"))
      expect(row).toMatchObject({ pairAddress: expect.any(String), moreColumns: [] });
    expect(kinds).not.toContain("unknown");
    expect(errors).toEqual([]);
  },
);

describe("a pulse stream", () => {
  test("says on open what its user wants to see, with every part of it", async () => {
    const { received, open } = await setUpFake();
    const filter = pulseFilter({ holders: { min: 50, max: null } });
    await open({ state: { filters: { newPairs: filter, finalStretch: pulseFilter(), migrated: pulseFilter() } } });
    expect(received).toEqual([
      {
        type: "userState",
        state: {
          tables: { newPairs: true, finalStretch: true, migrated: true },
          filters: { newPairs: filter, finalStretch: pulseFilter(), migrated: pulseFilter() },
          blacklist: {},
          showHiddenPulseTokens: false,
          unhideMigrated: false,
          pausedPairs: {},
        },
      },
    ]);
  });

  test("sends a change of it alone, and the whole again after a reconnect", async () => {
    const { fake, received, open } = await setUpFake();
    const { stream, events } = await open({ state: { blacklist: { "ca-MINT": { type: "ca" }, "ca-OTHER": {} } } });
    stream.setState({ showHiddenPulseTokens: true });
    await until(() => received.length === 2);
    expect(received[1]).toEqual({ type: "userState", state: { showHiddenPulseTokens: true } });
    fake.sockets[0]?.send(encode([4, "MINT"]));
    await until(() => events.some(({ kind }) => kind === "unblocked"));
    fake.sockets[0]?.terminate();
    await until(() => received.length === 3);
    expect(received[2]?.state).toMatchObject({ showHiddenPulseTokens: true, blacklist: { "ca-OTHER": {} } });
    expect(received[2]?.state["blacklist"]).not.toHaveProperty("ca-MINT");
  });

  test("tells of a lost socket, and keeps its tables until new ones come", async () => {
    const { fake, open } = await setUpFake();
    const { stream, events } = await open();
    const [row] = stream.rows("newPairs");
    fake.sockets[0]?.close(1001);
    await until(() => events.at(-1)?.kind === "gap");
    expect([stream.isCurrent, stream.rows("newPairs")]).toEqual([false, [row]]);
    await until(() => stream.isCurrent);
    expect(events.map(({ kind }) => kind)).toEqual(["replaced", "gap", "replaced"]);
    expect(events[1]).toMatchObject({ cause: "lost", reason: "closed by the venue (1001)" });
  });

  test("reads text frames as JSON, tells of what it cannot read, and goes on", async () => {
    const { fake, open, errors } = await setUpFake();
    const { stream, events } = await open();
    const socket = fake.sockets[0] as WebSocket;
    socket.send(JSON.stringify([1, "a", [[19, 800]]]));
    socket.send("planted-secret");
    socket.send(Buffer.from([0xc1, 0xc1]));
    socket.send(encode([1, "a", [[30, "soon"]]]));
    socket.send(encode([2, ["newPairs", pulseColumns("b")]]));
    await until(() => events.length === 4);
    expect(events.map(({ kind }) => kind)).toEqual(["replaced", "changed", "gap", "added"]);
    expect(events[2]).toMatchObject({
      cause: "undecodable",
      reason: "a frame of the pulse socket is no JSON: 14 bytes",
    });
    expect(stream.rows("newPairs").find(({ pairAddress }) => pairAddress === "a")?.marketCapSol).toBe(800);
    expect(errors).toEqual([
      new ProtocolError("a frame of the pulse socket is no JSON: 14 bytes"),
      new ProtocolError("a frame of the pulse socket is no MessagePack: 2 bytes"),
      new ProtocolError(
        "pulse change: column 30 (createdAtUs): must be a time: ISO text or milliseconds since the epoch, got string",
      ),
    ]);
  });

  test("takes a frame that it cannot read for a loss: whole tables come over another socket, which no gap tears", async () => {
    const { fake, open, received } = await setUpFake();
    const { stream, events } = await open();
    fake.sockets[0]?.send(Buffer.from([0xc1]));
    await until(() => events.at(-1)?.kind === "gap");
    expect([stream.isCurrent, fake.sockets.length]).toEqual([false, 1]);
    await until(() => stream.isCurrent);
    expect(events.map(({ kind }) => kind)).toEqual(["replaced", "gap", "replaced"]);
    expect([fake.sockets.length, received.length]).toEqual([2, 2]);
  });

  test("is current again after bytes were lost on the way, and has the rows of a fresh stream then", async () => {
    const { axiom, faults } = await setUp();
    const kinds: string[] = [];
    const options = { onEvent: ({ kind }: PulseEvent) => void kinds.push(kind), onError: () => {} };
    const stream = axiom.stream.pulse(options);
    await stream.ready;
    const fault = faults.add({ kind: "corrupt", mode: "truncate", bytes: 5, probability: 1 });
    await until(() => kinds.includes("gap"));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect([stream.isCurrent, kinds.filter((kind) => kind === "gap")]).toEqual([false, ["gap"]]);
    fault.remove();
    await until(() => stream.isCurrent);
    const fresh = axiom.stream.pulse({ onError: () => {} });
    await fresh.ready;
    const missing = () => {
      const have = new Set(stream.rows("newPairs").map(({ pairAddress }) => pairAddress));
      return fresh.rows("newPairs").filter(({ pairAddress }) => !have.has(pairAddress));
    };
    await until(() => missing().length === 0);
  });

  test("asks more and more rarely while nothing it gets can be read, and its first tables too are asked for anew", async () => {
    const waits: number[] = [];
    const clock = createSystemClock();
    const sleep = async (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      await clock.sleep(Math.min(ms, 5), signal);
    };
    const quick: Clock = { nowUs: () => clock.nowUs(), monotonicNs: () => clock.monotonicNs(), sleep };
    let garbage = 6;
    const { fake, open, errors } = await setUpFake(
      {
        onSocket: (socket) => socket.on("message", () => socket.send(garbage-- > 0 ? "garbage" : encode([0, TABLES]))),
      },
      { clock: quick, random: Object.assign(createRandom(1), { next: () => 0.999 }) },
    );
    const { stream, events } = await open();
    expect([stream.isCurrent, events.map(({ kind }) => kind), errors.length]).toEqual([true, ["replaced"], 6]);
    expect(fake.sockets).toHaveLength(7);
    expect(waits.map((ms) => Math.round(ms / 500))).toEqual([1, 2, 4, 8, 16, 32]);
  });

  test("goes to the server that has its user, and to the other one when that is down", async () => {
    const [first, second] = [await setUpFake(), await setUpFake()];
    const pulse = [first.fake.urls.pulse[0] as string, second.fake.urls.pulse[0] as string];
    const both = { first: 0, second: 0 };
    for (const user of ["3f2c1f9e-0000-4000-8000-000000000001", "3f2c1f9e-0000-4000-8000-000000000002"]) {
      const axiom = createAxiom({ urls: { ...first.fake.urls, pulse }, session: { accessToken: token(user, 900) } });
      onTestFinished(() => axiom.close());
      await axiom.stream.pulse({ onError: () => {} }).ready;
      if (pulseIndex(user, 2) === 0) both.first++;
      else both.second++;
      expect([first.fake.sockets.length, second.fake.sockets.length]).toEqual([both.first, both.second]);
    }
    expect(both).toEqual({ first: 1, second: 1 });

    const dead = await fakeAxiom({ refuse: () => 502 });
    const user = "3f2c1f9e-0000-4000-8000-000000000001";
    const at = pulseIndex(user, 2);
    const urls = {
      ...first.fake.urls,
      pulse: pulse.map((url, index) => (index === at ? (dead.urls.pulse[0] as string) : url)),
    };
    const axiom = createAxiom({ urls, session: { accessToken: token(user, 900) } });
    onTestFinished(() => axiom.close());
    await axiom.stream.pulse({ onError: () => {} }).ready;
    expect(dead.handshakes.length).toBeGreaterThan(0);
  });

  test("waits for its session, and tells what keeps it from one", async () => {
    let isUp = false;
    const { errors, open } = await setUpFake(
      {
        answer: () =>
          isUp
            ? { json: "Access token refreshed!", headers: { "set-cookie": authCookies(token("user", 900)) } }
            : { status: 500, text: "no" },
      },
      { session: { accessToken: token("user", -1), refreshToken: "refresh" } },
    );
    const opened = open();
    await until(() => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: "SESSION_UNAVAILABLE" });
    isUp = true;
    await opened;
  });

  test("that closes before its tables came says so to who waits for them", async () => {
    const { axiom } = await setUpFake({ onSocket: () => {} });
    const stream = axiom.stream.pulse({ onError: () => {} });
    await stream.close();
    await expect(stream.ready).rejects.toThrow("closed before its tables came");
  });

  test.each<readonly [name: string, options: Partial<PulseStreamOptions>, rule: string]>([
    ["a part of the state", { state: { tabels: {} } as never }, "state.tabels is none of tables"],
    ["a table", { state: { tables: { newPair: true } as never } }, "state.tables.newPair is none of"],
    ["a number of rows", { mostRows: 0 }, "mostRows must be a number from 1 to 10000"],
  ])("refuses bad input before a socket is opened: %s", async (_, options, rule) => {
    const { fake, axiom } = await setUpFake();
    const open = () => axiom.stream.pulse({ onError: () => {}, ...options });
    expect(open).toThrow(InvalidInputError);
    expect(open).toThrow(rule);
    expect(fake.handshakes).toEqual([]);
  });
});

test("which server has a user is what the site works out", () => {
  // h = (h << 5) - h + code over the text, as a 32-bit integer: the hash that Java gives to it.
  expect(pulseIndex("", 2)).toBe(0);
  expect(pulseIndex("a", 2)).toBe(97 % 2);
  expect(pulseIndex("ab", 1_000_000)).toBe(31 * 97 + 98);
  expect(pulseIndex("polygenelubricants", 2 ** 32)).toBe(2 ** 31); // hashes to the least integer
});
