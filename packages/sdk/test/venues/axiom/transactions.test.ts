import { InvalidInputError } from "@pitlane/perf";
import { base58 } from "@scure/base";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { NetworkError, OutcomeUnknownError, RejectedError } from "../../../src/errors.ts";
import { createAxiom } from "../../../src/venues/axiom/index.ts";
import { readTransaction } from "../../../src/venues/axiom/solana-transaction.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { type FakeAnswer, type FakeRequest, fakeAxiom, token } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";
import { createTransaction, createWallet } from "./wallets.ts";

const ROUTE = "/batched-send-tx-v2";

async function setUpFake(answer: (request: FakeRequest, count: number) => FakeAnswer) {
  const fake = await fakeAxiom({ answer });
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900), refreshToken: "refresh" } });
  onTestFinished(() => axiom.close());
  return { ...fake, axiom };
}

const signatureOf = (transaction: Uint8Array) => base58.encode(transaction.subarray(1, 65));

describe("signed transactions", () => {
  test("are handed over once each, with an outcome for each in their order", async () => {
    const { axiom, venue } = await setUp();
    const [one, two] = [createWallet(), createWallet()];
    const sent = [createTransaction([one], "a"), createTransaction([two], "b"), createTransaction([one, two], "c")];
    const outcomes = await axiom.transactions.submitMany(
      sent.map((transaction, index) => ({
        transaction: index === 1 ? Buffer.from(transaction).toString("base64") : transaction,
      })),
    );
    expect(outcomes.map((outcome) => outcome.ok && outcome.value.signature)).toEqual(sent.map(signatureOf));
    expect(outcomes.map((outcome) => outcome.ok && outcome.value.feePayer)).toEqual(
      [one, two, one].map(({ address }) => address),
    );
    // What the reply says is the paper venue's own: it is handed over and not read.
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        ok: true,
        value: { isReplyUnderstood: false, venueReply: { form: "pitlane-paper" } },
      });
    }
    const ledger = venue.acceptedTransactions;
    expect(ledger.map(({ signature }) => signature).sort()).toEqual(sent.map(signatureOf).sort());
    expect(ledger.every(({ timesReceived }) => timesReceived === 1)).toBe(true);
  });

  test("of one wallet go together, ten at most in a call, in the venue's form", async () => {
    const { axiom, requests } = await setUpFake(() => ({ json: ["a reply of unknown form"] }));
    const [one, two] = [createWallet(), createWallet()];
    const sent = Array.from({ length: 12 }, (_, index) =>
      createTransaction([index === 1 ? two : one], `memo ${index}`),
    );
    const outcomes = await axiom.transactions.submitMany(
      sent.map((transaction) => ({ transaction })),
      { mevProtection: true },
    );
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    const bodies = requests.map(({ body }) => body).sort((a, b) => b.wallets.length - a.wallets.length);
    const item = (index: number) => ({ base64Tx: Buffer.from(sent[index]!).toString("base64"), provider: "0xslot" });
    expect(bodies).toEqual([
      {
        ...{ mevProtection: true, enhancedMevProtection: false },
        wallets: [{ transactions: [0, 2, 3, 4, 5, 6, 7, 8, 9].map(item) }, { transactions: [item(1)] }],
      },
      { ...{ mevProtection: true, enhancedMevProtection: false }, wallets: [{ transactions: [item(10), item(11)] }] },
    ]);
  });

  test("whose reply is lost are in doubt, named by signature, and never sent again", async () => {
    const { axiom, venue, faults } = await setUp();
    faults.add({ kind: "responseLost", route: ROUTE });
    const transaction = createTransaction([createWallet()], "a");
    const [outcome] = await axiom.transactions.submitMany([{ transaction }]);
    expect(outcome?.ok).toBe(false);
    const error = (outcome as { error: Error }).error;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ clientOrderId: signatureOf(transaction), outcome: "unknown", retryable: false });
    expect(venue.acceptedTransactions).toMatchObject([{ signature: signatureOf(transaction), timesReceived: 1 }]);
  });

  test("that the venue answers with a 500 are in doubt too: it may have acted", async () => {
    const { axiom, requests } = await setUpFake(() => ({ status: 500, json: { error: "internal" } }));
    const [outcome] = await axiom.transactions.submitMany([{ transaction: createTransaction([createWallet()], "a") }]);
    expect((outcome as { error: Error }).error).toBeInstanceOf(OutcomeUnknownError);
    expect(requests).toHaveLength(1);
  });

  test("that no host can have seen fail as unsent", async () => {
    const { urls } = await setUpFake(() => undefined);
    const axiom = createAxiom({
      urls: { ...urls, transactions: ["http://127.0.0.1:1"] },
      session: { accessToken: token("user", 900) },
      retries: 1,
    });
    onTestFinished(() => axiom.close());
    const [outcome] = await axiom.transactions.submitMany([{ transaction: createTransaction([createWallet()], "a") }]);
    expect((outcome as { error: Error }).error).toBeInstanceOf(NetworkError);
    expect((outcome as { error: Error }).error).toMatchObject({ outcome: "unsent" });
  });

  test("go out again after a refusal of the session, which proves that nothing was done", async () => {
    const { axiom, venue } = await setUp();
    await axiom.market.getOnlineUsers();
    venue.expireTokens();
    const transaction = createTransaction([createWallet()], "a");
    const [outcome] = await axiom.transactions.submitMany([{ transaction }]);
    expect(outcome?.ok).toBe(true);
    expect(venue.acceptedTransactions).toMatchObject([{ timesReceived: 1 }]);
  });

  test("that are refused have the venue's words", async () => {
    const { axiom } = await setUpFake(() => ({ status: 400, json: { error: "bad transaction" } }));
    const [outcome] = await axiom.transactions.submitMany([{ transaction: createTransaction([createWallet()], "a") }]);
    expect((outcome as { error: Error }).error).toBeInstanceOf(RejectedError);
    expect((outcome as { error: Error }).error.message).toContain("bad transaction (HTTP 400)");
  });

  test("of calls that end differently keep their own outcomes", async () => {
    const { axiom } = await setUpFake(({ body }) => {
      const isSecond = body.wallets[0].transactions.length === 2;
      return isSecond ? { status: 400, json: { error: "bad transaction" } } : { json: {} };
    });
    const wallet = createWallet();
    const sent = Array.from({ length: 12 }, (_, index) => createTransaction([wallet], `memo ${index}`));
    const outcomes = await axiom.transactions.submitMany(sent.map((transaction) => ({ transaction })));
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([...Array(10).fill(true), false, false]);
    for (const outcome of outcomes.slice(10))
      expect(outcome).toMatchObject({ error: { outcome: "refused", status: 400 } });
  });
});

describe("what is no signed version 0 transaction", () => {
  const wallet = createWallet();
  const good = createTransaction([wallet], "memo");
  const change = (at: number, value: number) => Uint8Array.from(good, (byte, index) => (index === at ? value : byte));

  test.each<readonly [name: string, transaction: Uint8Array | string, rule: string]>([
    [
      "unsigned",
      Uint8Array.from(good, (byte, index) => (index >= 1 && index < 65 ? 0 : byte)),
      "no signature may be empty",
    ],
    ["a legacy message", change(65, 1), "its message must begin with version 0"],
    ["a version 1 message", change(65, 0x81), "its message must begin with version 0"],
    ["no signatures", change(0, 0), "1 to 19 signatures"],
    ["fewer signatures than its header asks for", change(66, 2), "as many signatures as its header asks for"],
    ["cut short", good.subarray(0, 100), "all of its account keys"],
    ["too long", Buffer.concat([good, new Uint8Array(1_300)]), "at most 1232 bytes"],
    ["no base64", "planted-secret!", "must be the bytes of a signed transaction, or their base64 with padding"],
    ["a base58 text", base58.encode(good), "transactions[0].transaction must be"],
    ["nothing", new Uint8Array(0), "1 to 19 signatures"],
  ])("is refused before any I/O: %s", async (_, transaction, rule) => {
    const { axiom, requests } = await setUpFake(() => ({ json: {} }));
    const error = await rejectionOf(axiom.transactions.submitMany([{ transaction }]));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(rule);
    expect(error.message).not.toContain("planted-secret");
    expect(requests).toEqual([]);
  });

  test("is never read past its end, whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_400 }), fc.boolean(), (bytes, isAlmost) => {
        if (isAlmost && bytes.length > 66) bytes.set([1, ...good.subarray(1, 67)]);
        try {
          const facts = readTransaction("it", bytes);
          expect(base58.decode(facts.feePayer)).toHaveLength(32);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError);
        }
      }),
    );
  });

  test.each([
    ["none at all", [], {}, "transactions must have 1 to 100 items, got 0"],
    [
      "too many",
      Array.from({ length: 101 }, () => ({ transaction: good })),
      {},
      "transactions must have 1 to 100 items, got 101",
    ],
    ["one twice", [{ transaction: good }, { transaction: good }], {}, "transactions[1] is transactions[0] again"],
    ["a provider that is none", [{ transaction: good, provider: "" }], {}, "transactions[0].provider must be a name"],
    [
      "a flag that is none",
      [{ transaction: good }],
      { mevProtection: 1 as never },
      "mevProtection must be true or false",
    ],
  ])("so is a batch with %s", async (_, transactions, control, rule) => {
    const { axiom, requests } = await setUpFake(() => ({ json: {} }));
    const error = await rejectionOf(axiom.transactions.submitMany(transactions, control));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(rule);
    expect(requests).toEqual([]);
  });
});
