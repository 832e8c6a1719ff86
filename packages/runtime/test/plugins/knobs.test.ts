import { expect, test } from "vitest";
import { definePlugin } from "../../src/index.ts";
import { testInstrument } from "../../src/testing.ts";
import { Stage } from "./stage.ts";

test("a knob of a plugin is set by a control; what it does not take is told and counts as a fault", async () => {
  let spread = 4;
  const plugin = definePlugin({
    name: "maker",
    setup(ctx) {
      ctx.perf.knob({
        name: "spread",
        min: 1,
        max: 10,
        get: () => spread,
        set: (value) => {
          if (value > 8) throw new Error("too wide");
          spread = value;
        },
      });
    },
  });
  const stage = await Stage.open([{ plugin, budgets: { faults: 1 } }], [testInstrument()]);
  const [knob] = stage.host.knobs();
  expect([knob?.name, knob?.get()]).toEqual(["maker/spread", 4]);
  const set = (name: string, value: number) =>
    stage.host.applyControl({ kind: "knob", plugin: "maker", knob: name, value });
  set("maker/spread", 7);
  set("maker/gone", 7);
  expect([spread, stage.host.standing(0)]).toEqual([7, "active"]);
  set("maker/spread", 9);
  expect([spread, stage.host.standing(0)]).toEqual([7, "quarantined"]);
  expect(stage.logged.join("\n")).toContain("offers no knob maker/gone");
  expect(stage.logged.join("\n")).toContain("could not be set to 9: too wide");
  await stage.close();
});
