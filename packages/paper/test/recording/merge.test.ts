import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeByTime } from "../../src/recording/merge.ts";
import type { RecordedItem } from "../../src/recording/recorded-item.ts";

type Batch = readonly RecordedItem[];

async function* source(batches: readonly Batch[], onEnd: () => void): AsyncGenerator<Batch, void, undefined> {
  try {
    yield* batches;
  } finally {
    onEnd();
  }
}

const item = (atUs: number, text: string): RecordedItem => ({ kind: "frame", atUs, stream: "s", source: "file", text });

/** A few sources, each in the order of time, cut into batches of which some are empty. */
const sources = fc.array(
  fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 5 }).map((batches) => {
    let atUs = 0;
    return batches.map((steps) => steps.map((step) => (atUs += step)));
  }),
  { maxLength: 5 },
);

test("gives what sorting everything by time gives, earlier sources first at equal times", async () => {
  await fc.assert(
    fc.asyncProperty(sources, async (times) => {
      const all = times.map((batches, s) =>
        batches.map((batch, b) => batch.map((at, i) => item(at, `${s}.${b}.${i}`))),
      );
      const merged: RecordedItem[] = [];
      for await (const batch of mergeByTime(all.map((batches) => source(batches, () => {})))) merged.push(...batch);
      expect(merged).toEqual(all.flat(2).sort((a, b) => a.atUs - b.atUs));
    }),
  );
});

test("closes every source when the reader leaves early or one fails", async () => {
  const ended: number[] = [];
  const parts = () => [0, 1].map((n) => source([[item(n, "a")], [item(n + 2, "b")]], () => ended.push(n)));
  for await (const _batch of mergeByTime(parts())) break;
  expect(ended.sort()).toEqual([0, 1]);

  ended.length = 0;
  async function* failing(): AsyncGenerator<Batch, void, undefined> {
    yield [item(0, "c")];
    throw new Error("disk gone");
  }
  const reading = (async () => {
    for await (const _batch of mergeByTime([...parts(), failing()]));
  })();
  await expect(reading).rejects.toThrow("disk gone");
  expect(ended.sort()).toEqual([0, 1]);
});
