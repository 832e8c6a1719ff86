import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { createPaper, DEFAULT_INSTRUMENTS, type PaperOptions } from "../src/index.ts";
import { listening, ODD } from "./odd-values.ts";

type Row = readonly [path: string, options: (value: unknown) => object, legal?: readonly string[]];

const OBJECTS = ["{}", "a bare object"];

const top = (name: keyof PaperOptions, ...legal: readonly string[]): Row => [
  name,
  (value) => ({ [name]: value }),
  legal,
];
const region = (name: string, ...legal: readonly string[]): Row => [
  `regions[0].${name}`,
  (value) => ({ regions: [{ name: "a", [name]: value }] }),
  legal,
];
const account = (name: string, ...legal: readonly string[]): Row => [
  `accounts[0].${name}`,
  (value) => ({ accounts: [{ name: "a", [name]: value }] }),
  legal,
];
const instrument = (name: string, ...legal: readonly string[]): Row => [
  name,
  (value) => ({ instruments: [{ ...DEFAULT_INSTRUMENTS[0], [name]: value }] }),
  legal,
];
const axiom = (name: string, ...legal: readonly string[]): Row => [
  `axiom.${name}`,
  (value) => ({ axiom: { [name]: value } }),
  legal,
];
const user = (name: string, ...legal: readonly string[]): Row => [
  `axiom.users[0].${name}`,
  (value) => ({ axiom: { users: [{ email: "a@b.example", password: "p", [name]: value }] } }),
  legal,
];

const OPTIONS: Readonly<Record<keyof PaperOptions, Row>> = {
  host: top("host", '"x"'), // the one that is a name: whether it is known depends on where this runs
  port: top("port", "0"),
  regions: top("regions"),
  seed: top("seed", "0"),
  instruments: top("instruments"),
  accounts: top("accounts"),
  balances: top("balances", ...OBJECTS),
  makerFee: top("makerFee"),
  takerFee: top("takerFee"),
  market: top("market", "true"),
  model: top("model"),
  recording: top("recording"),
  replaySpeed: top("replaySpeed", "0"),
  publicKey: top("publicKey"),
  axiom: top("axiom", "true", ...OBJECTS),
  limits: top("limits", ...OBJECTS),
  kept: top("kept", ...OBJECTS),
  faults: top("faults", "[]"),
  connectionLifeMs: top("connectionLifeMs"),
  clock: top("clock"),
  random: top("random"),
  onError: top("onError", "a function"),
};

const PARTS: readonly Row[] = [
  region("name", '"x"'),
  region("delayMs", "0"),
  region("jitterMs", "0"),
  region("port", "0"),
  account("name", '"x"'),
  account("apiKey"),
  account("apiSecret"),
  ["publicKey", (value) => ({ accounts: [{ name: "a", publicKey: value }] })],
  account("balances", ...OBJECTS),
  account("fees", ...OBJECTS),
  ["accounts[0].fees.maker", (value) => ({ accounts: [{ name: "a", fees: { maker: value } }] })],
  ["balances.USDT", (value) => ({ balances: { USDT: value } })],
  ["limits.ordersPerDay", (value) => ({ limits: { ordersPerDay: value } })],
  ["kept.trades", (value) => ({ kept: { trades: value } })],
  ["faults[0]", (value) => ({ faults: [value] })],
  ["faults.seed", (value) => ({ faults: { plan: "chaos", seed: value } }), ["0"]],
  ["faults.plan", (value) => ({ faults: { plan: value } })],
  ["recording.read", (value) => ({ recording: { product: "spot", instruments: [], read: value } }), ["a function"]],
  [
    "recording.instruments",
    (value) => ({ recording: { product: "spot", instruments: value, read: () => {} } }),
    ["[]"],
  ],
  instrument("symbol"),
  instrument("base"),
  instrument("tickSize"),
  instrument("lotSize"),
  instrument("minSize"),
  instrument("maxMarketSize"),
  instrument("minNotional"),
  instrument("maxPosition"),
  instrument("startPrice"),
  instrument("trading", "true"),
  axiom("port", "0"),
  axiom("users", "[]"),
  axiom("market", ...OBJECTS),
  axiom("accessTokenLifeS"),
  axiom("rotatesRefreshTokens", "true"),
  axiom("closesSocketsAtExpiry", "true"),
  axiom("codeLifeMs"),
  axiom("tokensIn"),
  axiom("cookieDomain", '"x"'),
  axiom("turnstile", "true"),
  axiom("registration", "true"),
  axiom("rateLimit"),
  axiom("tradeFrames"),
  axiom("pulseFrames"),
  axiom("onMail", "a function"),
  ["axiom.market.pairs", (value) => ({ axiom: { market: { pairs: value } } })],
  ["axiom.users[0]", (value) => ({ axiom: { users: [value] } })],
  user("email"),
  user("password", '"x"', '""'),
  user("wallets", "[]"),
  ["axiom.users[0].wallets[0]", (value) => ({ axiom: { users: [{ ...someone(), wallets: [value] }] } })],
];

const someone = () => ({ email: "a@b.example", password: "p" });

describe.each([...Object.values(OPTIONS), ...PARTS].map(named))("$path", ({ path, options, legal }) => {
  test.each(Object.entries(ODD).filter(([kind]) => !legal.includes(kind)))("is not %s", async (_kind, value) => {
    const before = listening();
    const refusal = await refusalOf({ market: false, ...options(value) });
    expect(refusal).toBeInstanceOf(InvalidInputError);
    expect((refusal as Error).message).toContain(path);
    expect(listening()).toBe(before);
  });
});

describe.each(
  Object.values(OPTIONS)
    .map(named)
    .filter(({ path }) => path !== "host"),
)("$path", ({ options, legal }) => {
  test.each([["left out", undefined], ...Object.entries(ODD).filter(([kind]) => legal.includes(kind))])(
    "may be %s",
    async (_kind, value) => {
      expect(await refusalOf({ market: false, ...options(value) })).toBeUndefined();
    },
  );
});

test.each(Object.entries(ODD).filter(([kind]) => !OBJECTS.includes(kind)))(
  "options are not %s",
  async (_kind, value) => {
    const refusal = await refusalOf(value);
    expect(refusal).toBeInstanceOf(InvalidInputError);
    expect((refusal as Error).message).toMatch(/options|no option/);
  },
);

function named([path, options, legal = []]: Row) {
  return { path, options, legal };
}

async function refusalOf(options: unknown): Promise<unknown> {
  try {
    const paper = await createPaper(options as PaperOptions);
    await paper.close();
    return undefined;
  } catch (error) {
    return error;
  }
}
