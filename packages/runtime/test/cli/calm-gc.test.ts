import { expect, test } from "vitest";
import { CALM_FLAGS, calmFlags, calmFlagsIn } from "../../src/cli/calm-gc.ts";

test("commands that trade get a calm collector, others V8's own", () => {
  expect(calmFlags(["start"], {}, [])).toEqual(CALM_FLAGS);
  expect(calmFlags(["run", "./x.ts", "--duration", "20s"], {}, [])).toEqual(CALM_FLAGS);
  for (const args of [["journal", "verify", "x"], ["verify", "x"], ["exchange"], ["new", "run"], ["--help"], []])
    expect(calmFlags(args, {}, [])).toEqual([]);
  expect(calmFlags(["run", "--help"], {}, [])).toEqual([]);
});

test("the user chooses by flag or variable; the flag wins, and the last one of several", () => {
  expect(calmFlags(["start", "--gc", "default"], {}, [])).toEqual([]);
  expect(calmFlags(["start", "--gc=default"], {}, [])).toEqual([]);
  expect(calmFlags(["start"], { PITLANE_GC: "default" }, [])).toEqual([]);
  expect(calmFlags(["start", "--gc", "calm"], { PITLANE_GC: "default" }, [])).toEqual(CALM_FLAGS);
  expect(calmFlags(["start", "--gc", "default", "--gc=calm"], {}, [])).toEqual(CALM_FLAGS);
});

test("what the user gave V8 himself stays, however it is spelled", () => {
  expect(calmFlags(["start"], {}, ["--max_semi_space_size=128"])).toEqual(["--no-memory-reducer"]);
  expect(calmFlags(["start"], { NODE_OPTIONS: "--enable-source-maps --memory-reducer" }, [])).toEqual([
    "--max-semi-space-size=32",
  ]);
  expect(calmFlags(["start"], {}, ["--nomemory_reducer", "--max-semi-space-size=8"])).toEqual([]);
});

test("a process that has the flags is not given them again, and tells them", () => {
  expect(calmFlags(["start"], {}, CALM_FLAGS)).toEqual([]);
  expect(calmFlagsIn(["--enable-source-maps", ...CALM_FLAGS])).toEqual(CALM_FLAGS);
  expect(calmFlagsIn([])).toEqual([]);
});
