import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { recover } from "../../src/core/recovery.ts";
import { checkConfig, defineStrategy } from "../../src/index.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { instrumentsById } from "../../src/orders/records.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument();

async function open(tag: string) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const faults: string[] = [];
  const tags: (string | undefined)[][] = [];
  const plugin = defineStrategy({
    name: "tagger",
    setup(ctx) {
      ctx.on("quote", ({ askTicks: priceTicks }) => {
        ctx.submit({ instrument, side: "buy", type: "limit", priceTicks, sizeLots: 100, tag });
        ctx.submit({ instrument, side: "buy", type: "limit", priceTicks, sizeLots: 100 });
      });
      return { reconcile: () => void tags.push(ctx.ordersTagged("run-1/").map(({ intent }) => intent.tag)) };
    },
  });
  const core: Core = await Core.create({
    runKey: "k",
    config: checkConfig({}, "test"),
    instruments: [instrument],
    plugins: [{ plugin }],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: { send: () => {}, cancel: () => {}, amend: () => {} },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: (_source, message) => faults.push(message),
    onHalt: () => {},
  });
  const inputs = new Inputs({ core, journal, onControl: () => {} });
  return { clock, core, inputs, journal, faults, tags };
}

async function quoted(tag: string) {
  const session = await open(tag);
  const { clock, inputs } = session;
  inputs.account(new Map([["USDT", 10n ** 18n]]));
  const about = { instrument, venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs(), sequence: 1 };
  inputs.market({ kind: "quote", ...about, bidTicks: 9_990, bidLots: 5, askTicks: 10_000, askLots: 5 }, undefined, 0);
  inputs.frameEnd();
  return session;
}

test("a process that takes over from a killed one finds orders by the tags that their intents had", async () => {
  const { journal, core } = await quoted("run-1/a7");
  const rows = journal.rows.flatMap(({ seq, atUs, kind, body }) =>
    typeof body === "string" ? [{ seq, atUs, kind, body: JSON.parse(body) as unknown }] : [],
  );
  const next = await open("run-1/a8");
  recover(next.core, rows, instrumentsById([instrument]), ["tagger"]);
  await next.core.onPhase("reconcile");
  expect(next.tags).toEqual([["run-1/a7"]]);
  await Promise.all([core.close(), next.core.close()]);
});

test("a tag of more than 96 characters is refused", async () => {
  const { faults, core } = await quoted("x".repeat(97));
  expect(faults.join()).toMatch(/tag has 96 characters at most, got 97/);
  await core.close();
});
