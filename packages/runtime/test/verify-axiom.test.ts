import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { verifyRecording } from "../src/verification.ts";

const validate = new Ajv2020().compile(
  JSON.parse(readFileSync(new URL("../schema/verify.schema.json", import.meta.url), "utf8")),
);
const header = { t: "header", exchange: "AXIOM" };
const connect = (conn: string, addr: string) => ({ t: "connect", conn, ts: 1_767_225_600, addr });
const recv = (ts: number, data: string, more: object = {}) => ({ t: "recv", conn: "a", ts, data, ...more });
const room = (name: string, content: unknown) => JSON.stringify({ room: name, content });
const join9 = { t: "send", conn: "a", ts: 1_767_225_600, data: '{"action":"join","room":"sol_price"}' };

async function verified(...records: readonly (object | string)[]) {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-verify-")), "axiom.jsonl.gz");
  const lines = records.map((record) => (typeof record === "string" ? record : JSON.stringify(record)));
  writeFileSync(path, gzipSync(`${lines.join("\n")}\n`));
  const found = await verifyRecording([path]);
  validate(JSON.parse(JSON.stringify(found)));
  expect(validate.errors ?? []).toEqual([]);
  const { messages } = found;
  const ignored = Object.values(messages.ignored).reduce((sum, count) => sum + count, 0);
  expect(messages.in).toBe(messages.decoded + ignored + messages.undecoded);
  return found;
}

test("a session of Axiom is decoded and counted, with what cannot be told of it", async () => {
  const found = await verified(
    header,
    connect("a", "wss://cluster9.axiom.trade/"),
    join9,
    { t: "http", conn: "h", ts: 1_767_225_600, url: "https://api6.axiom.trade/trending", data: "[]" },
    recv(1_767_225_600.5, room("sol_price", 150.2)),
    connect("a", "wss://cluster9.axiom.trade/"),
    recv(1_767_225_601.5, room("unheard", 1)),
  );
  expect(found).toMatchObject({
    right: true,
    session: {
      venue: "axiom",
      streams: ["sol_price"],
      firstAtUs: 1_767_225_600_000_000,
      lastAtUs: 1_767_225_601_500_000,
    },
    messages: { in: 3, decoded: 1, ignored: { unheard: 1, "http /trending": 1 }, undecoded: 0 },
    decoded: { coinPrice: 1, depths: 0 },
    notes: [
      "the venue numbers nothing: whether a message is missing cannot be told",
      "wss://cluster9.axiom.trade/ was opened 2 times: what it said in between is not there",
    ],
  });
});

test("without a header its host tells it, and binary frames are base64", async () => {
  const found = await verified(
    connect("a", "wss://pulse.axiom.trade/ws"),
    recv(1_767_225_600, "kgChYQ==", { binary: true }),
  );
  expect(found.messages).toMatchObject({ in: 1, undecoded: 1 }); // it is no table
  expect(found).toMatchObject({ right: false, problems: ["1 messages cannot be decoded"] });
});

test("damaged lines and messages out of order are told; a session without a message is none", async () => {
  const found = await verified(
    header,
    recv(1_767_225_602, room("sol_price", 1)),
    recv(1_767_225_601, room("sol_price", 2)),
    '{"t":"recv","conn":"a","ts":1767225603,"da',
  );
  expect(found.problems).toEqual(["1 messages cannot be decoded", "1 messages do not follow the one before them"]);
  expect(found.examples[0]).toMatch(/axiom\.jsonl\.gz:4: the line is cut off/);
  await expect(verified(header)).rejects.toThrow("has no message of Axiom in it");
});
