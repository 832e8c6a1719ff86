import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { RecordedAxiom } from "../../../src/venues/axiom/index.ts";
import { eucalyptusColumns, PAIR, pulseColumns, roomTradeColumns } from "./examples.ts";

const AT_US = 1_767_225_600_000_000;

function session(url: string) {
  const recorded = new RecordedAxiom();
  recorded.open("a", url);
  return {
    recorded,
    say: (message: unknown, isBinary = false) =>
      recorded.frame("a", isBinary ? Buffer.from(encode(message)) : Buffer.from(String(message)), isBinary, AT_US),
    finish: () => {
      const { decoded, ignored, ...rest } = recorded.finish();
      return { ...rest, decoded: Object.fromEntries(decoded), ignored: Object.fromEntries(ignored) };
    },
  };
}

const room = (name: string, content: unknown) => JSON.stringify({ room: name, content });

test("rooms are read as a live stream reads them; every message is accounted for", () => {
  const { recorded, say, finish } = session("wss://cluster9.axiom.trade/");
  say(room("sol_price", 150.2));
  say(room(`f:${PAIR}`, [roomTradeColumns(), roomTradeColumns()])); // one message, two trades
  say(room(`f:${PAIR}`, []));
  say(room("never-heard-of", { a: 1 }));
  say('{"method":"pong"}');
  say(room("sol_price", {}));
  say("no json");
  recorded.other("http /api/trending");
  expect(finish()).toEqual({
    in: 8,
    decoded: { coinPrice: 1, trade: 1, empty: 1 },
    ignored: { "never-heard-of": 1, pong: 1, "http /api/trending": 1 },
    undecoded: 2,
    unmatched: 0,
    examples: [
      expect.stringMatching(/^2026-01-01T00:00:00\.000Z a: sol_price/),
      "2026-01-01T00:00:00.000Z a: a frame of the cluster socket is no JSON: 7 bytes",
    ],
  });
});

test.each(["wss://pulse2.axiom.trade/ws", "ws://127.0.0.1:9/pulse/ws"])("tables of Pulse at %s", (url) => {
  const { recorded, say, finish } = session(url);
  say([0, { newPairs: [pulseColumns("a")], finalStretch: [], migrated: [] }], true);
  say([2, ["newPairs", pulseColumns("b")]], true);
  say(JSON.stringify([3, ["newPairs", "a"]]));
  say([9, "?"], true);
  say([2, "newPairs"], true);
  recorded.open("a", url); // again: its tables come anew, and a change before them fits nothing
  say([3, ["newPairs", "b"]], true);
  expect(finish()).toMatchObject({
    in: 6,
    decoded: { "pulse replaced": 1, "pulse added": 1, "pulse removed": 1, "pulse unmatched": 1 },
    ignored: { pulse: 1 },
    undecoded: 1,
    unmatched: 1,
  });
});

test("trades of tracked wallets, presence, and a connection whose beginning is missing", () => {
  const { recorded, say, finish } = session("wss://eucalyptus.axiom.trade/ws");
  say(JSON.stringify(eucalyptusColumns()));
  say('{"hello":1}');
  recorded.open("b", "wss://friends.axiom.trade/ws");
  recorded.frame("b", Buffer.from("."), false, AT_US);
  recorded.frame("c", Buffer.from(room("btc_price", 70_000)), false, AT_US);
  expect(finish()).toMatchObject({
    in: 4,
    decoded: { trackedTrade: 1, coinPrice: 1 },
    ignored: { eucalyptus: 1, friends: 1 },
    undecoded: 0,
  });
});

test("names do not grow without end", () => {
  const { say, finish } = session("wss://cluster9.axiom.trade/");
  for (let i = 0; i < 300; i++) say(room(`room ${i}`, 1));
  const { ignored } = finish();
  expect(Object.keys(ignored)).toHaveLength(201);
  expect(ignored).toMatchObject({ others: 100 });
});
