import type { QuoteEvent } from "@pitlane/sdk";
import { describe, expectTypeOf, test } from "vitest";
import type { BailHandler, NotifyHandler, VoteHandler, WaterfallHandler } from "../../src/hooks/kinds.ts";
import { allow } from "../../src/hooks/verdict.ts";
import type { IntentShaper } from "../../src/plugins/define.ts";

describe("a hot hook that returns a promise does not type-check", () => {
  test("notify", () => {
    expectTypeOf((_quote: QuoteEvent) => {}).toExtend<NotifyHandler<QuoteEvent>>();
    expectTypeOf(() => undefined).toExtend<NotifyHandler<QuoteEvent>>();
    expectTypeOf(async (_quote: QuoteEvent) => {}).not.toExtend<NotifyHandler<QuoteEvent>>();
    expectTypeOf(() => Promise.resolve(1)).not.toExtend<NotifyHandler<QuoteEvent>>();
    // @ts-expect-error as a user would write it
    const written: NotifyHandler<QuoteEvent> = async (quote) => {
      await Promise.resolve(quote);
    };
    expectTypeOf(written).toBeFunction();
  });

  test("waterfall and bail", () => {
    expectTypeOf((value: number) => value + 1).toExtend<WaterfallHandler<number>>();
    expectTypeOf((_value: number) => {}).toExtend<WaterfallHandler<number>>();
    expectTypeOf(async (value: number) => value).not.toExtend<WaterfallHandler<number>>();
    expectTypeOf((_value: number) => "yes").toExtend<BailHandler<number, string>>();
    expectTypeOf(async (_value: number) => "yes").not.toExtend<BailHandler<number, string>>();
  });

  test("shape, which may change what fits an order alone", () => {
    expectTypeOf(() => ({ sizeLots: 3 })).toExtend<IntentShaper>();
    expectTypeOf(() => {}).toExtend<IntentShaper>();
    expectTypeOf(async () => ({ sizeLots: 3 })).not.toExtend<IntentShaper>();
    // @ts-expect-error as a user would write it
    const written: IntentShaper = () => ({ side: "sell" });
    expectTypeOf(written).toBeFunction();
  });

  test("vote", () => {
    expectTypeOf(() => allow()).toExtend<VoteHandler<number>>();
    expectTypeOf(async () => allow()).not.toExtend<VoteHandler<number>>();
    expectTypeOf(() => {}).not.toExtend<VoteHandler<number>>();
  });
});
