import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import * as paper from "../src/index.ts";
import { ODD } from "./odd-values.ts";

// biome-ignore lint/suspicious/noExplicitAny: what callers without types do
type Untyped = any;
type Row = readonly [call: (value: Untyped) => unknown, names: string, legal?: readonly string[]];

const TEXTS = ['""', '"x"'];
const LIST = [] as const;

/** Every argument of every function and class that the package exports. */
const CALLS: Readonly<Record<string, readonly Row[]>> = {
  createPaper: [[(value) => paper.createPaper(value), "option", ["{}", "a bare object"]]],
  parseFault: [[(value) => paper.parseFault(value), "fault"]],
  formatFault: [[(value) => paper.formatFault(value), "fault"]],
  parseRegions: [[(value) => paper.parseRegions(value), "region", ['"x"']]],
  openRecording: [
    [(value) => paper.openRecording(value), "path"],
    [(value) => paper.openRecording([value]), "path", ['"x"']],
    [(value) => paper.openRecording(["none"], value), "signal"],
    [(value) => paper.openRecording(["none"], undefined, value), "listener"],
  ],
  readSessionLog: [
    [(value) => paper.readSessionLog(value, () => {}), "path", ['"x"']],
    [(value) => paper.readSessionLog("none", value), "onDamaged", ["a function"]],
    [(value) => paper.readSessionLog("none", () => {}, value), "signal"],
  ],
  RecordingError: [
    [(value) => new paper.RecordingError(value, { path: "none" }), "what", TEXTS],
    [(value) => new paper.RecordingError("is none", value), "place"],
    [(value) => new paper.RecordingError("is none", { path: value }), "path", TEXTS],
  ],
  CannotListenError: [[(value) => new paper.CannotListenError(value), "message", TEXTS]],
  PortInUseError: [[(value) => new paper.PortInUseError(value), "message", TEXTS]],
};

test("the tables have every function and class that is exported", () => {
  const exported = Object.entries(paper).flatMap(([name, value]) => (typeof value === "function" ? [name] : LIST));
  expect(Object.keys(CALLS).sort()).toEqual(exported.sort());
});

describe.each(Object.entries(CALLS))("%s", (name, rows) => {
  describe.each(rows.map((row, index) => [index, row] as const))("table %i", (_index, [call, names, legal = []]) => {
    test.each(Object.entries(ODD).filter(([kind]) => !legal.includes(kind)))(
      `${name} refuses %s`,
      async (_kind, value) => {
        const refusal = await thrownBy(() => call(value));
        expect(refusal).toBeInstanceOf(InvalidInputError);
        expect(refusal).toMatchObject({ code: "INVALID_INPUT" });
        expect((refusal as Error).message).toContain(names);
        expect((refusal as Error).message).toMatch(/must be|needs|there is no/);
      },
    );
  });
});

test("formatFault gives the text of what it was given, and nothing for what is no fault", () => {
  expect(paper.formatFault({ kind: "delay", ms: 5 })).toBe("delay:ms=5");
  expect(() => paper.formatFault({ kind: "delay" } as never)).toThrow("fault.ms or fault.jitterMs must be above 0");
});

test("methods of what is returned refuse signals and e-mails that are none", async () => {
  const exchange = await paper.createPaper({ market: false, axiom: true });
  await expect(exchange.replay(5 as never)).rejects.toThrow("signal must be an AbortSignal, got 5");
  expect(() => exchange.axiom!.venue.openSession(5 as never)).toThrow("email must be a configured user's, got 5");
  expect(() => exchange.faults.add(5n as never)).toThrow("fault must be an object with a kind, got 5");
  await exchange.close();
});

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}
