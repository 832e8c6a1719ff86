import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda } from "../../src/backtest/agenda.ts";

test("runs in order of time, and of one moment in the order made", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
      const ran: number[] = [];
      const agenda = new Agenda(() => {});
      for (const [i, atUs] of times.entries()) agenda.add(atUs, () => void ran.push(i));
      agenda.runUntil(20);
      const wanted = times.map((atUs, i) => ({ atUs, i })).sort((a, b) => a.atUs - b.atUs || a.i - b.i);
      expect(ran).toEqual(wanted.map(({ i }) => i));
      expect(agenda.nextUs).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

test("what is made while it runs is run too when it is due by then, and time is told first", () => {
  const ran: string[] = [];
  const agenda = new Agenda((atUs) => ran.push(`at ${atUs}`));
  agenda.add(5, () => agenda.add(5, () => ran.push("second")));
  agenda.add(9, () => ran.push("too late"));
  agenda.runUntil(8);
  expect(ran).toEqual(["at 5", "at 5", "second"]);
  expect(agenda.nextUs).toBe(9);
});

test("one that is called off does not run, however many are, and calling off what has run does nothing", () => {
  const ran: number[] = [];
  const agenda = new Agenda(() => {});
  const all = Array.from({ length: 500 }, (_, i) => agenda.add(i, () => void ran.push(i)));
  agenda.runUntil(9);
  for (const [i, one] of all.entries()) if (i % 7 !== 0) agenda.callOff(one);
  agenda.runUntil(1000);
  expect(ran).toEqual([
    ...Array.from({ length: 10 }, (_, i) => i),
    ...[...all.keys()].filter((i) => i > 9 && i % 7 === 0),
  ]);
});

test("runs messages and those that they make, and leaves the rest", () => {
  const ran: string[] = [];
  const agenda = new Agenda(() => {});
  agenda.add(1, () => ran.push("timer"));
  agenda.add(2, () => agenda.add(3, () => ran.push("answer"), true), true);
  agenda.runMessages();
  expect(ran).toEqual(["answer"]);
});
