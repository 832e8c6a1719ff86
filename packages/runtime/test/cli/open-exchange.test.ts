import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { afterEach, describe, expect, test } from "vitest";
import { openExchange, parseExchanges } from "../../src/cli/open-exchange.ts";
import { Output } from "../../src/cli/output.ts";
import { checkConfig } from "../../src/index.ts";
import { run } from "./host.ts";

const closers: (() => Promise<unknown>)[] = [];
const clock = createSystemClock();

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("--exchange", () => {
  test("one address is a venue named paper; several have names", () => {
    expect(parseExchanges(["http://127.0.0.1:8080"])).toEqual([{ name: "paper", url: "http://127.0.0.1:8080" }]);
    expect(parseExchanges(["alpha=http://127.0.0.1:1", "beta-2=http://127.0.0.1:2/"])).toEqual([
      { name: "alpha", url: "http://127.0.0.1:1" },
      { name: "beta-2", url: "http://127.0.0.1:2" },
    ]);
  });

  test.each([
    [["nowhere"], '--exchange must be an address such as http://127.0.0.1:8080, got "nowhere"'],
    [["Alpha=http://127.0.0.1:1"], "a venue's name must be kebab case, such as alpha"],
    [["=http://127.0.0.1:1"], "a venue's name must be kebab case, such as alpha"],
    [
      ["http://127.0.0.1:1", "beta=http://127.0.0.1:2"],
      "of several exchanges each needs a name: --exchange alpha=http",
    ],
    [["a=http://127.0.0.1:1", "a=http://127.0.0.1:2"], "--exchange names a twice"],
  ])("refuses %j", (texts, message) => {
    expect(() => parseExchanges(texts)).toThrow(message);
  });
});

test("two exchanges of other processes are one venue, whose instruments have the names given", async () => {
  const papers = [await createPaper({ seed: 1, clock }), await createPaper({ seed: 2, clock })];
  for (const paper of papers) closers.push(() => paper.close());
  const exchange = await openExchange({
    config: checkConfig({}, "test"),
    addresses: parseExchanges(papers.map(({ urls }, index) => `${["alpha", "beta"][index]}=${urls.rest}`)),
    recording: undefined,
    speed: 0,
    recvWindowMs: 5000,
    clock,
    output: new Output({ write: () => {} }),
  });
  closers.push(() => exchange.close());
  const venues = (await exchange.client.market.listInstruments()).map(({ venue }) => venue);
  expect(new Set(venues)).toEqual(new Set(["alpha", "beta"]));
  expect(exchange.lines).toEqual(
    papers.map(({ urls }, index) => `exchange ${urls.rest}, streams ${urls.stream}, as ${["alpha", "beta"][index]}`),
  );
  expect(exchange.paper).toBeUndefined();
  expect(exchange.trading).toBe(exchange.client);
});

test("an exchange that does not answer is named, with what to do, and the one that was found is closed", async () => {
  const paper = await createPaper({ seed: 1, clock });
  closers.push(() => paper.close());
  const addresses = parseExchanges([`alpha=${paper.urls.rest}`, "beta=http://127.0.0.1:1"]);
  const config = checkConfig({}, "test");
  const output = new Output({ write: () => {} });
  const opening = openExchange({
    config,
    addresses,
    recording: undefined,
    speed: 0,
    recvWindowMs: 5000,
    clock,
    output,
  });
  await expect(opening).rejects.toThrow("no exchange answers at http://127.0.0.1:1: start one with `pitlane exchange`");
});

test("pitlane start trades on two exchanges at once", async () => {
  const papers = [await createPaper({ seed: 1, clock }), await createPaper({ seed: 2, clock })];
  for (const paper of papers) closers.push(() => paper.close());
  const flags = papers.flatMap(({ urls }, index) => ["--exchange", `${["alpha", "beta"][index]}=${urls.rest}`]);
  const { code, out } = await run(["start", "--duration", "8s", ...flags]);
  expect(out).toContain("on 2 paper exchanges");
  expect(code).toBe(0);
  for (const paper of papers) expect(paper.acceptedOrders().length).toBeGreaterThan(0);
});
