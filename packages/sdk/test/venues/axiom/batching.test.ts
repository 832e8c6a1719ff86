import { expect, onTestFinished, test } from "vitest";
import { BudgetExhaustedError, CallAbortedError, TimeoutError } from "../../../src/index.ts";
import { type AxiomOptions, createAxiom } from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { type FakeAnswer, type FakeRequest, fakeAxiom, token, until } from "./fake-axiom.ts";
import { setUp as setUpPaper } from "./paper-axiom.ts";
import { createWallet } from "./wallets.ts";

const NEVER_MS = 60_000; // longer than any of these tests
const PATIENT = { maxAgeMs: NEVER_MS, maxSize: 2 };
const FEW = { maxAgeMs: 0, maxSize: 100 };

const answered = ({ body }: FakeRequest): FakeAnswer => ({
  json: Object.fromEntries(body.publicKeys.map((wallet: string) => [wallet, 1])),
});

async function setUp(options: AxiomOptions, answer: (request: FakeRequest, count: number) => FakeAnswer = answered) {
  const fake = await fakeAxiom({ answer });
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) }, retries: 0, ...options });
  onTestFinished(() => axiom.close());
  const balanceOf = axiom.account.balanceOf;
  return { ...fake, axiom, balanceOf, wallet: createWallet().address };
}

test("calls at once get each their wallet's balance from the paper venue", async () => {
  const wallets = ["12.5", "0.000000001"].map((sol) => ({ address: createWallet().address, sol }));
  const users = [{ email: "a@example.org", password: "x", wallets }];
  const { axiom } = await setUpPaper({ users }, { batching: FEW });
  const balances = await Promise.all(wallets.map(({ address }) => axiom.account.balanceOf(address)));
  expect(balances.map(({ wallet, units }) => [wallet, units])).toEqual([
    [wallets[0]?.address, 12_500_000_000n],
    [wallets[1]?.address, 1n],
  ]);
});

test("a call that is collected ends unsent when the client's time limit is over", async () => {
  const { balanceOf, requests, wallet } = await setUp({ batching: PATIENT, callTimeoutMs: 50 });
  const error = await rejectionOf(balanceOf(wallet));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ outcome: "unsent", message: expect.stringContaining("its batch (batching.maxAgeMs)") });
  expect(requests).toEqual([]);
});

test("a call that is collected ends unsent when the client closes, and one after that is refused", async () => {
  const { axiom, balanceOf, requests, wallet } = await setUp({ batching: PATIENT });
  const collected = rejectionOf(balanceOf(wallet));
  await axiom.close();
  for (const error of [await collected, await rejectionOf(balanceOf(wallet))]) {
    expect(error).toBeInstanceOf(CallAbortedError);
    expect(error).toMatchObject({ outcome: "unsent", retryable: false });
  }
  expect(requests).toEqual([]);
});

test("an aborted call rejects with its reason, collected or sent, and the others of its batch go on", async () => {
  const held = await setUp({ batching: PATIENT }, () => undefined);
  const reason = new Error("enough");
  const stop = new AbortController();
  const first = rejectionOf(held.balanceOf(held.wallet, { signal: stop.signal }));
  stop.abort(reason);
  expect(await first).toBe(reason);
  expect(await rejectionOf(held.balanceOf(held.wallet, { signal: stop.signal }))).toBe(reason);
  const later = new AbortController();
  const sent = [
    rejectionOf(held.balanceOf(held.wallet, { signal: later.signal })),
    rejectionOf(held.balanceOf(createWallet().address)),
  ];
  await until(() => held.requests.length === 1);
  later.abort(reason);
  expect(await sent[0]).toBe(reason);
  await held.axiom.close();
  expect(await sent[1]).toBeInstanceOf(CallAbortedError);
});

test.each([{ retries: 0 }, { hedgeAfterMs: 50_000 }, { timeoutMs: 5_000 }])(
  "a call with %j goes by itself",
  async (control) => {
    const { balanceOf, requests, wallet } = await setUp({ batching: PATIENT, retries: 3 }, (request, count) =>
      count === 1 ? { status: 503, json: { error: "busy" } } : answered(request),
    );
    const answer = balanceOf(wallet, control);
    if (control.retries === 0) expect(await rejectionOf(answer)).toMatchObject({ code: "VENUE_UNAVAILABLE" });
    else expect(await answer).toMatchObject({ wallet });
    expect(requests).toHaveLength(control.retries === 0 ? 1 : 2);
  },
);

test("a flood ends as any calls beyond the budget do", async () => {
  const one = { batching: { maxAgeMs: 0, maxSize: 1 }, limit: { requests: 1 } };
  const { axiom, balanceOf, wallet } = await setUp(one, () => undefined);
  const [first, ...others] = Array.from({ length: 12_000 }, () => rejectionOf(balanceOf(wallet)));
  const errors = await Promise.all(others);
  expect(errors.filter((error) => !(error instanceof BudgetExhaustedError))).toEqual([]);
  await axiom.close();
  expect(await first).toBeInstanceOf(CallAbortedError);
});
