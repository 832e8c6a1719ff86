import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTransaction, TransactionFormError } from "../../src/wire/axiom/solana-transaction.ts";
import { createTransaction, createWallet, relayBody, setUp } from "./local-venue.ts";

const ROUTE = "/batched-send-tx-v2";
const payer = createWallet();
const second = createWallet();
const users = [{ email: "a@paper.example", password: "x", wallets: [{ address: payer.address, sol: "0.000012" }] }];

describe("a transaction", () => {
  test("of one signature or several is read, and named by the first", () => {
    const bytes = createTransaction([payer, second], "hello");
    expect(readTransaction(bytes)).toMatchObject({ feePayer: payer.address, signatures: 2 });
    expect(readTransaction(bytes).signature.length).toBeGreaterThan(80);
  });

  test("that differs in any bit is refused", () => {
    const bytes = createTransaction([payer], "hello");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Uint8Array.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => readTransaction(changed)).toThrow(TransactionFormError);
      }),
    );
  });

  test("that is cut short, or too long, or mere noise is refused and nothing worse", () => {
    const bytes = createTransaction([payer], "hello");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readTransaction(bytes.subarray(0, length))).toThrow(TransactionFormError);
    }
    expect(() => readTransaction(Buffer.concat([bytes, Buffer.of(0)]))).toThrow("bytes after its end");
    expect(() => readTransaction(new Uint8Array(1233))).toThrow("longer than 1232 bytes");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1300 }), (noise) => {
        expect(() => readTransaction(noise)).toThrow(TransactionFormError);
      }),
    );
  });

  test("without a signature, or of another version, is refused", () => {
    const bytes = createTransaction([payer], "hello");
    const unsigned = Uint8Array.from(bytes).fill(0, 1, 65);
    expect(() => readTransaction(unsigned)).toThrow("signature 0 is missing");
    const legacy = Buffer.concat([bytes.subarray(0, 65), bytes.subarray(66)]);
    expect(() => readTransaction(legacy)).toThrow("not a version 0 message");
  });
});

describe("the relay", () => {
  test("answers each transaction in order, in a form that says it is the paper exchange's own", async () => {
    const { asUser, venue } = await setUp();
    const [one, two, three] = ["1", "2", "3"].map((memo) => createTransaction([second], memo)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const body = relayBody([one, Buffer.from("garbage")], [two], [one, three]);
    const answer = await asUser(ROUTE, body);
    expect(answer.status).toBe(200);
    expect(answer.body.form).toBe("pitlane-paper");
    const signatures = [one, two, three].map((bytes) => readTransaction(bytes).signature);
    expect(answer.body.results).toEqual([
      { wallet: 0, transaction: 0, status: "accepted", signature: signatures[0], reason: null },
      {
        wallet: 0,
        transaction: 1,
        status: "refused",
        signature: null,
        reason: expect.stringMatching(/^not a signed v0 transaction: /),
      },
      { wallet: 1, transaction: 0, status: "accepted", signature: signatures[1], reason: null },
      { wallet: 2, transaction: 0, status: "duplicate", signature: signatures[0], reason: null },
      { wallet: 2, transaction: 1, status: "accepted", signature: signatures[2], reason: null },
    ]);
    expect(venue.acceptedTransactions.map(({ signature }) => signature)).toEqual(signatures);
  });

  test("writes down what it accepted, and how often it came, for other processes too", async () => {
    const { asUser, ask, clock, venue } = await setUp();
    const bytes = createTransaction([second], "twice");
    const acceptedAtUs = clock.nowUs();
    await asUser(ROUTE, relayBody([bytes]));
    clock.advance({ ms: 5 });
    await asUser(ROUTE, relayBody([bytes]));
    expect(venue.acceptedTransactions).toEqual([
      {
        signature: readTransaction(bytes).signature,
        feePayer: second.address,
        provider: "0xslot",
        userId: expect.any(String),
        acceptedAtUs,
        timesReceived: 2,
      },
    ]);
    expect((await ask("/_paper/axiom/transactions")).body).toEqual({
      total: 1,
      transactions: venue.acceptedTransactions,
    });
  });

  test("takes the chain's fee from a user's wallet, once for a transaction, and refuses one that cannot pay", async () => {
    const { asUser } = await setUp({ users });
    const send = async (memo: string) =>
      (await asUser(ROUTE, relayBody([createTransaction([payer], memo)]))).body.results[0];
    const balance = async () =>
      (await asUser("/batched-sol-balance", { publicKeys: [payer.address] })).body[payer.address].balanceSol;
    expect((await send("1")).status).toBe("accepted");
    expect((await send("1")).status).toBe("duplicate");
    expect(await balance()).toBe(0.000007);
    expect((await send("2")).status).toBe("accepted");
    expect(await send("3")).toMatchObject({ status: "refused", reason: "insufficient SOL for the fee" });
    expect(await balance()).toBe(0.000002);
  });

  test("refuses a provider nobody knows, and text that is not base64, one by one", async () => {
    const { asUser, venue } = await setUp();
    const good = Buffer.from(createTransaction([second], "x")).toString("base64");
    const transactions = [
      { base64Tx: good, provider: "fastest" },
      { base64Tx: `${good.slice(0, -4)}!!!!`, provider: "0xslot" },
      { base64Tx: "", provider: "0xslot" },
      { base64Tx: 7, provider: "0xslot" },
      null,
    ];
    const body = { mevProtection: false, enhancedMevProtection: false, wallets: [{ transactions }] };
    const { results } = (await asUser(ROUTE, body)).body;
    expect(results.map(({ status, reason }: { status: string; reason: string }) => `${status}: ${reason}`)).toEqual([
      "refused: unknown provider",
      "refused: base64Tx is not base64",
      "refused: base64Tx is not base64",
      "refused: base64Tx and provider are required",
      "refused: base64Tx and provider are required",
    ]);
    expect(venue.acceptedTransactions).toEqual([]);
  });

  test.each([
    [
      "the unsigned form of one library",
      { token_mint: "MINT", amount_sol: 0.1, slippage_percent: 5, priority_fee: null },
    ],
    ["no wallets", { mevProtection: false, enhancedMevProtection: false, wallets: [] }],
    ["no flags", { wallets: relayBody([createTransaction([second], "x")]).wallets }],
    ["a wallet without transactions", { ...relayBody([createTransaction([second], "x")], []) }],
  ])("refuses a body with %s, and nothing in it is accepted", async (_, body) => {
    const { asUser, venue } = await setUp();
    expect((await asUser(ROUTE, body)).status).toBe(400);
    expect(venue.acceptedTransactions).toEqual([]);
  });

  test("takes nothing without a session", async () => {
    const { ask, venue } = await setUp();
    expect((await ask(ROUTE, { body: relayBody([createTransaction([second], "x")]) })).status).toBe(401);
    expect(venue.acceptedTransactions).toEqual([]);
  });

  test("has accepted what was answered never, and finds it a duplicate when it comes again", async () => {
    const { asUser, faults, venue } = await setUp();
    const body = relayBody([createTransaction([second], "lost")]);
    faults.add({ kind: "responseLost", route: `POST ${ROUTE}`, count: 1 });
    await expect(asUser(ROUTE, body)).rejects.toThrow();
    expect(venue.acceptedTransactions).toMatchObject([{ timesReceived: 1 }]);
    expect((await asUser(ROUTE, body)).body.results[0].status).toBe("duplicate");
    expect(venue.acceptedTransactions).toMatchObject([{ timesReceived: 2 }]);
  });
});
