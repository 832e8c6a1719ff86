import { expect, expectTypeOf, test } from "vitest";
import { Bus } from "../../src/bus/bus.ts";
import { TooManyEventKindsError } from "../../src/bus/errors.ts";
import { EventKinds } from "../../src/bus/kinds.ts";
import {
  type BusEvent,
  defineEvent,
  type EventCatalogue,
  type EventDefinition,
  type EventKind,
} from "../../src/index.ts";
import { quote } from "./events.ts";

interface SpreadEvent {
  readonly kind: "spread/signal";
  readonly basisPoints: number;
}

// As a plugin writes it, with "pitlane" for the path.
declare module "../../src/index.ts" {
  interface EventCatalogue {
    readonly "spread/signal": SpreadEvent;
  }
}

test("a plugin's own kind is typed, has a lane and is dispatched by it", () => {
  const seen: BusEvent[] = [];
  const bus = new Bus({ dispatch: (event) => seen.push(event), defer: () => {}, onOverflow: () => {} });
  bus.register(defineEvent("spread/signal", { lane: "high" }));
  bus.publish(quote(1), 0, 0);
  bus.publish({ kind: "spread/signal", basisPoints: 12 }, -1, 0);
  bus.drain();
  expect(seen).toEqual([{ kind: "spread/signal", basisPoints: 12 }, quote(1)]);
});

test("what is not in the catalogue does not type-check", () => {
  expectTypeOf<EventCatalogue["spread/signal"]>().toEqualTypeOf<SpreadEvent>();
  expectTypeOf<"spread/signal">().toExtend<EventKind>();
  expectTypeOf<"spread/other">().not.toExtend<EventKind>();
  expectTypeOf<{ readonly kind: "spread/signal" }>().not.toExtend<BusEvent>();
  // @ts-expect-error nobody has declared it
  defineEvent("spread/other", { lane: "high" });
});

test("kinds beyond the 128 that there is room for are refused", () => {
  const kinds = new EventKinds([]);
  const more = (number: number) =>
    ({ ...defineEvent("spread/signal", { lane: "high" }), kind: `spread/${number}` }) as unknown as EventDefinition;
  for (let i = 0; i < 128; i++) expect(kinds.define(more(i))).toBe(i);
  expect(() => kinds.define(more(128))).toThrow(TooManyEventKindsError);
  expect(kinds.size).toBe(128);
});
