import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameMemory } from "../../../src/venues/binance/frame-memory.ts";
import { levelTable, TABLES_BYTES } from "../../../src/venues/binance/level-tables.ts";
import { LevelForm, scanLevels } from "../../../src/venues/binance/scan-levels.ts";
import { testInstrument } from "../../support/instruments.ts";

test("the committed module is what scan-levels.wat compiles to", async () => {
  const script = fileURLToPath(new URL("../../../../perf/scripts/build-wasm.mjs", import.meta.url));
  const source = fileURLToPath(new URL("../../../src/venues/binance/scan-levels.wat", import.meta.url));
  const { stderr } = await promisify(execFile)(process.execPath, [script, source, "--check"]);
  expect(stderr).toBe("");
});

const before = '{"stream":"btcusdt@depth","data":{"b":';

/** Reads lists of levels that stand behind a few other bytes, with one memory and one form for all of them. */
function reader(mayRun: boolean, decimals: { readonly priceDecimals: number; readonly sizeDecimals: number }) {
  const memory = new FrameMemory(mayRun);
  const form = new LevelForm(testInstrument(decimals));
  const out = new Float64Array(10);
  return {
    form,
    memory,
    read: (list: string) => {
      const data = Buffer.from(before + list);
      expect(memory.tryTake(data)).toBe(true);
      const end = scanLevels(data, memory, before.length, form, memory.asks, out);
      const { levels } = memory.asks;
      const rows = Array.from({ length: levels.count }, (_, i) => [levels.ticksAt(i), levels.lotsAt(i)]);
      return end < 0 ? "not read" : { end: end - before.length, leftOut: out[6], rows };
    },
  };
}

const number = (digits: number) =>
  fc
    .tuple(fc.nat(9_999_999), fc.nat(10 ** digits - 1))
    .map(([whole, part]) => (digits === 0 ? `${whole}` : `${whole}.${String(part).padStart(digits, "0")}`));
const digit = fc.constantFrom(...'0123456789.",[]}-/:;\u007f\u0000 ');

describe("levels read at one go", () => {
  test("are those that are read digit by digit, in good and in damaged text", () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.nat(8),
        fc.nat(8),
        fc.record({ priceDecimals: fc.nat(8), sizeDecimals: fc.nat(8) }),
        fc.array(fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }), { maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), digit), { maxLength: 2 }),
        fc.gen(),
        (priceDigits, sizeDigits, decimals, lists, damage, gen) => {
          const ours = reader(true, decimals);
          const plain = reader(false, decimals);
          for (const list of lists) {
            const rows = list.map(() => `["${gen(number, priceDigits)}","${gen(number, sizeDigits)}"]`);
            const good = `[${rows.join(",")}]`;
            const damaged = [...good];
            for (const [at, byte] of damage) damaged[at % damaged.length] = byte;
            for (const text of [good, damaged.join(""), good.slice(0, (damage[0]?.[0] ?? 0) % good.length)]) {
              const found = plain.read(text);
              expect(ours.read(text)).toEqual(found);
              if (found !== "not read") read++;
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(1_000);
  });

  test("are all but the first, whose form shows how the others are written", () => {
    const { form, memory, read } = reader(true, { priceDecimals: 2, sizeDecimals: 3 });
    expect(form).toMatchObject({ price: 0, size: 0 });
    expect(read('[["61000.10","1.250"],["7.25","12345.001"]]')).toMatchObject({
      rows: [
        [6_100_010, 1_250],
        [725, 12_345_001],
      ],
    });
    const list = '[["1.00","2.000"],["3.00","4.000"]]';
    const { end } = read(list) as { readonly end: number };
    memory.asks.levels.clear();
    const first = before.length + 3;
    expect(memory.read(first, form.price, form.size, memory.asks)).toBe(~(before.length + end));
    expect(memory.asks.levels.count).toBe(2);
  });

  test("go on where one is written otherwise", () => {
    const { read } = reader(true, { priceDecimals: 2, sizeDecimals: 3 });
    const rows = [
      ["1.00", "1.000"],
      ["12345678.00", "1.000"], // eight digits
      ["3", "1.000"],
      ["4.00", "1.0004"], // cut
      ["5.00", "123456789.000"],
      ["6.00", "1"],
    ];
    expect(read(`[${rows.map(([p, q]) => `["${p}","${q}"]`).join(",")}]`)).toMatchObject({
      rows: [
        [100, 1_000],
        [1_234_567_800, 1_000],
        [300, 1_000],
        [400, 1_000],
        [500, 123_456_789_000],
        [600, 1_000],
      ],
    });
  });

  test("are left out and counted when their price lies between two ticks", () => {
    const { read } = reader(true, { priceDecimals: 1, sizeDecimals: 0 });
    expect(read('[["1.00","1"],["2.05","1"],["3.10","1"],["4.01","1"],["5.00","1"]]')).toMatchObject({
      leftOut: 2,
      rows: [
        [10, 1],
        [31, 1],
        [50, 1],
      ],
    });
  });

  test("have a table for each way to write them, none of which overlaps another or the bytes beside them", () => {
    const bytes = new Uint8Array(TABLES_BYTES + 8);
    const upTo8 = [...Array(9).keys()];
    const kinds = upTo8.flatMap((digits) =>
      upTo8.flatMap((decimals) => [false, true].map((isCut) => ({ digits, decimals, isCut }))),
    );
    const made = kinds.map(({ digits, decimals, isCut }) => {
      const at = levelTable(bytes, 4, digits, decimals, isCut);
      return { at, bytes: bytes.slice(at, at + 448) };
    });
    for (const { at, bytes: before } of made) expect(bytes.slice(at, at + 448)).toEqual(before);
    expect(new Set(made.map(({ at }) => at)).size).toBe(162);
    expect(bytes.subarray(0, 4)).toEqual(new Uint8Array(4));
    expect(bytes.subarray(-4)).toEqual(new Uint8Array(4));
    expect(levelTable(bytes, 4, 9, 2, false)).toBe(0);
    expect(levelTable(bytes, 4, 2, 9, false)).toBe(0);
  });

  test("a frame that is larger than the memory is not taken", () => {
    const memory = new FrameMemory();
    expect(memory.tryTake(new Uint8Array(131_072))).toBe(true);
    expect(memory.tryTake(new Uint8Array(131_073))).toBe(false);
  });
});
