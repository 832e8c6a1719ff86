import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { StageTimer } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";

const setUp = () => {
  const clock = new ManualClock();
  return { clock, timer: new StageTimer(["decode", "risk", "send"], clock) };
};

test("each stage takes the time since the mark before it, and the total the time of all", () => {
  const { clock, timer } = setUp();
  const { decode, risk, send } = timer.stages;
  for (const factor of [1, 2]) {
    timer.start();
    clock.advance({ ns: 100 * factor });
    timer.mark(decode);
    clock.advance({ ns: 20 * factor });
    timer.mark(risk);
    clock.advance({ ns: 300 * factor });
    timer.mark(send);
    clock.advance({ ns: 5000 });
    timer.stop();
  }
  expect(
    timer
      .histogram("decode")
      .buckets()
      .map(({ lowestNs }) => lowestNs),
  ).toEqual([100, 200]);
  expect(timer.summary().risk).toMatchObject({ count: 2, p50: 0.02, max: 0.04 });
  expect(timer.total.buckets().map(({ lowestNs }) => lowestNs)).toEqual([420, 840]);
});

test("a stage that is left out counts to the next, and one may be marked twice", () => {
  const { clock, timer } = setUp();
  timer.start();
  clock.advance({ ns: 10 });
  clock.advance({ ns: 20 });
  timer.mark(timer.stages.risk);
  clock.advance({ ns: 5 });
  timer.mark(timer.stages.risk);
  timer.stop();
  expect(timer.histogram("decode").count).toBe(0);
  expect(
    timer
      .histogram("risk")
      .buckets()
      .map(({ lowestNs }) => lowestNs),
  ).toEqual([5, 30]);
  expect(timer.total.maxNs).toBe(35);
});

test("refuses a mark or a stop with nothing started, and a stage it does not have", () => {
  const { timer } = setUp();
  expect(() => timer.mark(timer.stages.send)).toThrow(InvalidInputError);
  timer.start();
  expect(() => timer.mark(3)).toThrow("there is no stage 3 of decode, risk, send");
  timer.stop();
  expect(() => timer.stop()).toThrow("elapsedNs must be a number, got NaN: was its start taken?");
  expect(timer.histogram("send").count).toBe(0);
  expect(timer.total.count).toBe(1);
});

test("starting again leaves the unfinished operation without a total", () => {
  const { clock, timer } = setUp();
  timer.start();
  clock.advance({ ns: 10 });
  timer.start();
  clock.advance({ ns: 7 });
  timer.mark(timer.stages.send);
  timer.stop();
  expect(timer.total.maxNs).toBe(7);
});

test("forgets everything on reset", () => {
  const { timer } = setUp();
  timer.start();
  timer.mark(timer.stages.decode);
  timer.stop();
  timer.reset();
  expect(timer.total.count).toBe(0);
  expect(timer.summary().decode.count).toBe(0);
});

test("refuses no stages, too many, and one twice", () => {
  const clock = new ManualClock();
  expect(() => new StageTimer([], clock)).toThrow(InvalidInputError);
  expect(() => new StageTimer(["send", "send"], clock)).toThrow(
    'names must be 1 to 64 different ones, got ["send","send"]',
  );
  expect(() => new StageTimer(Array.from({ length: 65 }, String), clock)).toThrow(InvalidInputError);
});
