import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, onTestFinished, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import {
  type AxiomClient,
  createAxiom,
  type PositionReport,
  type TransactionReport,
} from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT, SIGNATURE, WALLET } from "./examples.ts";
import { type FakeAnswer, type FakeRequest, fakeAxiom, token } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

const PRESET = {
  ...{ slippage: "20", priorityFeeSol: "0.001", bribeFeeSol: 0.01 },
  ...{ mevProtection: true, enhancedMevProtection: false },
};
const REPORT: TransactionReport = {
  ...{ signature: SIGNATURE, success: true, timeTakenMs: 412.5, provider: "0xslot", region: "EU" },
  preset: PRESET,
};
const POSITION: PositionReport = { walletAddresses: [WALLET], tokenAddress: MINT, subOrgId: "sub-organization" };

const CALLS: readonly (readonly [path: string, call: (axiom: AxiomClient) => Promise<unknown>, body: object])[] = [
  ["/log-tx-v3", (axiom) => axiom.transactions.reportTransactions([REPORT]), { logs: [REPORT] }],
  [
    "/meme-open-single-position-v2",
    (axiom) => axiom.transactions.reportOpenedPosition(POSITION),
    { walletAddresses: [WALLET], tokenAddress: MINT, subOrgId: "sub-organization" },
  ],
  [
    "/handle-position-close-v2",
    (axiom) => axiom.transactions.reportClosedPosition(POSITION),
    { walletAddresses: [WALLET], tokenAddress: MINT, subOrgId: "sub-organization" },
  ],
];

async function setUpFake(answer: (request: FakeRequest, count: number) => FakeAnswer) {
  const fake = await fakeAxiom({ answer });
  const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900), refreshToken: "refresh" } });
  onTestFinished(() => axiom.close());
  return { ...fake, axiom };
}

test("what the site says after a trade reaches the paper venue, whose reply is handed over and not read", async () => {
  const { axiom, venue } = await setUp();
  for (const [, call] of CALLS) expect(await call(axiom)).toEqual({ form: "pitlane-paper" });
  expect(venue.tradeReports.map(({ path, body }) => [path, body])).toEqual(CALLS.map(([path, , body]) => [path, body]));
});

describe.each(CALLS)("%s", (path, call, body) => {
  test("goes out once, in the site's form and nothing besides", async () => {
    const { axiom, requests } = await setUpFake(() => ({ json: {} }));
    await call(axiom);
    expect(requests).toMatchObject([{ method: "POST", path }]);
    expect(requests[0]?.body).toEqual(body);
    expect(requests[0]?.headers).toMatchObject({
      "content-type": "application/json",
      cookie: expect.stringContaining("auth-access-token="),
    });
  });

  test.each([
    [{ json: { ok: true, more: [1] } }, { ok: true, more: [1] }],
    [{ json: null }, null],
    [{ text: "OK" }, "OK"],
    [{ text: "" }, ""],
    [{ status: 201, json: 7 }, 7],
  ])("hands over a reply of any form: %j", async (reply, expected) => {
    const { axiom } = await setUpFake(() => reply);
    expect(await call(axiom)).toEqual(expected);
  });

  test("is in doubt when its reply is lost, and is not sent again", async () => {
    const { axiom, requests } = await setUpFake(() => "reset");
    expect(await rejectionOf(call(axiom))).toMatchObject({ outcome: "unknown" });
    expect(requests).toHaveLength(1);
  });

  test("that is refused has the venue's words", async () => {
    const { axiom } = await setUpFake(() => ({ status: 400, json: { error: "no such thing" } }));
    const error = await rejectionOf(call(axiom));
    expect(error).toBeInstanceOf(RejectedError);
    expect(error).toMatchObject({ outcome: "refused", message: `POST ${path}: no such thing (HTTP 400)` });
  });
});

test("a preset of the settings is cut to what the site reports of it", async () => {
  const { axiom, requests } = await setUpFake(() => ({ json: {} }));
  const preset = { ...PRESET, autoFee: false, customRpcUrl: "https://a.example/key" };
  await axiom.transactions.reportTransactions([{ ...REPORT, preset }]);
  expect(requests[0]?.body.logs[0].preset).toEqual(PRESET);
});

test.each<readonly [name: string, report: Partial<TransactionReport>, rule: string]>([
  ["a signature", { signature: WALLET }, "reports[0].signature must be the signature of a transaction"],
  ["a private key for one", { signature: `${SIGNATURE}1` }, "reports[0].signature must be the signature"],
  ["a time", { timeTakenMs: -1 }, "reports[0].timeTakenMs must be a number from 0 to 86400000"],
  ["a flag", { success: "yes" as never }, "reports[0].success must be true or false"],
  ["a provider", { provider: "" }, "reports[0].provider must be text"],
  ["a region", { region: "a\nb" }, "reports[0].region must be text"],
  ["a fee", { preset: { ...PRESET, bribeFeeSol: -0.1 } }, "reports[0].preset.bribeFeeSol must be a number"],
  ["a fee as text", { preset: { ...PRESET, priorityFeeSol: "1e9" } }, "reports[0].preset.priorityFeeSol must be"],
  ["a protection", { preset: { ...PRESET, mevProtection: 1 as never } }, "reports[0].preset.mevProtection must be"],
])("bad input is refused before any I/O: %s", async (_, change, rule) => {
  const { axiom, requests } = await setUpFake(() => ({ json: {} }));
  const error = await rejectionOf(axiom.transactions.reportTransactions([{ ...REPORT, ...change }]));
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(error.message).toContain(rule);
  expect(error.message).not.toContain(SIGNATURE);
  expect(requests).toEqual([]);
});

test("so are lists that are empty or too long, and positions of nobody", async () => {
  const { axiom, requests } = await setUpFake(() => ({ json: {} }));
  const { reportTransactions, reportOpenedPosition, reportClosedPosition } = axiom.transactions;
  const cases: readonly (readonly [Promise<unknown>, string])[] = [
    [reportTransactions([]), "reports must have 1 to 100 items, got 0"],
    [reportTransactions(Array.from({ length: 101 }, () => REPORT)), "reports must have 1 to 100 items, got 101"],
    [reportTransactions(REPORT as never), "reports must be a list"],
    [reportOpenedPosition({ ...POSITION, walletAddresses: [] }), "walletAddresses must have 1 to 100 items, got 0"],
    [reportClosedPosition({ ...POSITION, tokenAddress: "x" }), "tokenAddress must be a Solana address"],
    [reportClosedPosition({ ...POSITION, subOrgId: "" }), "subOrgId must be text"],
  ];
  for (const [call, rule] of cases) expect((await rejectionOf(call)).message).toContain(rule);
  expect(requests).toEqual([]);
});
