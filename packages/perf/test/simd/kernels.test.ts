import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.ts";
import { ArenaFullError, createKernels, type Floats, type Kernels } from "../../src/simd/index.ts";
import { seededRandom } from "../../src/testing.ts";
import { exactCorrelation, exactMean, exactSum, exactVariance, exactVwap, exactWeightedSum, UNIT } from "./exact.ts";

const U = 2 ** -53;

function setUp() {
  return { simd: createKernels({ arenaBytes: 2 ** 20 }), scalar: createKernels({ arenaBytes: 0, simd: false }) };
}

/** Every result of every kernel, in one list. */
function everything(kernels: Kernels, a: Floats, b: Floats, window: number): number[] {
  const means = new Float64Array(a.length);
  const variances = new Float64Array(a.length);
  const counts = [kernels.rollingMean(a, window, means), kernels.rollingVariance(a, window, variances)];
  const sums = [kernels.sum(a), kernels.weightedSum(a, b), kernels.vwap(a, b), kernels.correlation(a, b)];
  return [...counts, ...sums, ...means, ...variances];
}

const anyDouble = fc.double({ noDefaultInfinity: false });
const anyLength = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 250, max: 600 }), fc.constant(9001));

/** `length` values drawn from a seed, with `specials` scattered among them: arrays too long for fast-check's own. */
function draw(length: number, seed: number, specials: readonly number[]): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length }, () => {
    const scale = 10 ** random.integer(-6, 12);
    return specials.length > 0 && random.next() < 0.02
      ? (specials[random.integer(0, specials.length - 1)] as number)
      : random.normal() * scale;
  });
}

const cases = fc.record({
  length: anyLength,
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  specials: fc.array(anyDouble, { maxLength: 3 }),
  window: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 9100 })),
  floats: fc.boolean(),
});

test("gives the same bits by SIMD and by plain JavaScript, for any values, length and window", () => {
  const { simd, scalar } = setUp();
  expect(simd.simd).toBe(true);
  expect(scalar.simd).toBe(false);
  fc.assert(
    fc.property(cases, ({ length, seed, specials, window, floats }) => {
      const make = (values: Float64Array): Floats => (floats ? Float32Array.from(values) : values);
      const a = make(draw(length, seed, specials));
      const b = make(draw(length, seed + 1, specials));
      expect(everything(simd, a, b, window)).toEqual(everything(scalar, a, b, window));
    }),
    { numRuns: 150 },
  );
});

test("gives the same bits for arrays in its memory, parts of them, and copies elsewhere", () => {
  fc.assert(
    fc.property(cases, ({ length, seed, specials, window, floats }) => {
      const { simd } = setUp();
      const values = draw(length + 3, seed, specials);
      const here = floats ? simd.allocFloat32(length + 3) : simd.allocFloat64(length + 3);
      here.set(values);
      const elsewhere = here.slice(3); // a copy, in a buffer of its own
      const part = here.subarray(3);
      expect(everything(simd, part, part, window)).toEqual(everything(simd, elsewhere, elsewhere, window));
      const means = simd.allocFloat64(length);
      const variances = simd.allocFloat64(length);
      simd.rollingMean(part, window, means);
      simd.rollingVariance(part, window, variances);
      const expected = everything(simd, elsewhere, elsewhere, window);
      expect([...means, ...variances]).toEqual(expected.slice(6));
    }),
    { numRuns: 50 },
  );
});

test("mixes floats and doubles", () => {
  const { simd } = setUp();
  const prices = Float64Array.from({ length: 1000 }, (_, i) => 100 + i);
  const volumes = Float32Array.from({ length: 1000 }, (_, i) => 1 + (i % 7));
  expect(simd.vwap(prices, volumes)).toBe(simd.vwap(prices, Float64Array.from(volumes)));
});

// Multiples of UNIT, so that the exact results are whole numbers over a power of two: prices around a level that may be far
// from 0 beside how much they vary.
const priced = fc
  .record({
    length: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 256, max: 5000 })),
    level: fc.integer({ min: 0, max: 2 ** 40 }),
    spread: fc.integer({ min: 0, max: 2 ** 24 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  })
  .map(({ length, level, spread, seed }) => {
    const random = seededRandom(seed);
    const next = () => (level + random.integer(-spread, spread)) * UNIT;
    return { a: Float64Array.from({ length }, next), b: Float64Array.from({ length }, next) };
  });

test("keeps sums, weighted sums and VWAP within the stated bounds of the exact ones", () => {
  const { simd } = setUp();
  fc.assert(
    fc.property(priced, ({ a, b }) => {
      const n = a.length;
      const magnitude = exactSum(a.map(Math.abs));
      expect(Math.abs(simd.sum(a) - exactSum(a))).toBeLessThanOrEqual((n / 4 + 3) * U * magnitude + U * magnitude);
      const weighted = exactWeightedSum(a.map(Math.abs), b.map(Math.abs));
      expect(Math.abs(simd.weightedSum(a, b) - exactWeightedSum(a, b))).toBeLessThanOrEqual((n / 4 + 5) * U * weighted);
      const prices = a.map(Math.abs);
      const volumes = b.map((volume) => Math.abs(volume) + UNIT);
      const vwap = exactVwap(prices, volumes);
      expect(Math.abs(simd.vwap(prices, volumes) - vwap)).toBeLessThanOrEqual((n / 2 + 9) * U * vwap);
    }),
  );
});

test("keeps rolling means and variances within the stated bounds, far from 0 too", () => {
  const { simd } = setUp();
  fc.assert(
    fc.property(priced, fc.integer({ min: 1, max: 300 }), ({ a }, window) => {
      const means = new Float64Array(a.length);
      const variances = new Float64Array(a.length);
      const count = simd.rollingMean(a, window, means);
      simd.rollingVariance(a, window, variances);
      for (let i = 0; i < count; i += 1 + (count >> 4)) {
        const values = a.subarray(i, i + window);
        const magnitude = exactMean(values.map(Math.abs));
        expect(Math.abs((means[i] as number) - exactMean(values))).toBeLessThanOrEqual(
          (window / 2 + 5) * U * magnitude,
        );
        const exact = exactVariance(values);
        // d^2 is at most the number of values (Samuelson).
        const bound = 4 * (window + 8) * Math.min(window, 1 + distanceSquared(a, i, window)) * U * exact;
        expect(Math.abs((variances[i] as number) - exact)).toBeLessThanOrEqual(bound + U * exact);
      }
    }),
  );
});

/** How many standard deviations, squared, the value that the window's group shares lies from the window's mean. */
function distanceSquared(all: Float64Array, first: number, window: number): number {
  const values = all.subarray(first, first + window);
  const shared = all[first - (first % window) + window - 1] as number;
  const variance = exactVariance(values);
  return variance === 0 ? 0 : (shared - exactMean(values)) ** 2 / variance;
}

test("keeps correlations within the stated bound, far from 0 too", () => {
  const { simd } = setUp();
  fc.assert(
    fc.property(priced, ({ a, b }) => {
      const exact = exactCorrelation(a, b);
      const found = simd.correlation(a, b);
      if (Number.isNaN(exact)) {
        expect(found).toBeNaN();
        return;
      }
      const d2 = Math.max(distanceOfFirst(a), distanceOfFirst(b)) + 1;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(4 * (a.length + 8) * d2 * U + 2 * U);
    }),
  );
});

function distanceOfFirst(values: Float64Array): number {
  return ((values[0] as number) - exactMean(values)) ** 2 / exactVariance(values);
}

test("finds the variance of prices far from 0, where sums of squares keep no digit", () => {
  const { simd } = setUp();
  const prices = Float64Array.from({ length: 1000 }, (_, i) => 2 ** 40 + (i % 2) * 2 ** -10);
  const variances = new Float64Array(1000);
  simd.rollingVariance(prices, 10, variances);
  expect(variances.subarray(0, 991).every((variance) => variance === 2 ** -22)).toBe(true);
});

test("lets a NaN or an Infinity touch only the windows that hold it", () => {
  const { simd } = setUp();
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const values = new Float64Array(1000).fill(7);
    values[500] = broken;
    const means = new Float64Array(1000);
    const variances = new Float64Array(1000);
    expect(simd.rollingMean(values, 20, means)).toBe(981);
    expect(simd.rollingVariance(values, 20, variances)).toBe(981);
    for (let i = 0; i < 981; i++) {
      const touched = i <= 500 && i + 20 > 500;
      expect(means[i]).toBe(touched ? broken : 7);
      expect(variances[i]).toBe(touched ? Number.NaN : 0);
    }
  }
});

test("answers for what is empty, does not vary or weighs nothing, at any length", () => {
  for (const kernels of Object.values(setUp()))
    for (const length of [0, 1, 3, 5, 300, 5000]) {
      const same = new Float64Array(length).fill(0.1);
      const zeros = new Float64Array(length);
      expect(kernels.sum(zeros)).toBe(0);
      expect(kernels.weightedSum(same, zeros)).toBe(0);
      expect(kernels.vwap(same, zeros)).toBeNaN();
      expect(kernels.correlation(same, same)).toBeNaN();
      expect(kernels.rollingMean(same, length + 1, new Float64Array(0))).toBe(0);
    }
});

test("calls a series correlated 1 with itself and -1 with its mirror image, never beyond", () => {
  const { simd } = setUp();
  for (let seed = 0; seed < 50; seed++) {
    const a = draw(400, seed, []);
    const mirrored = a.map((value) => -value);
    expect(simd.correlation(a, a)).toBeLessThanOrEqual(1);
    expect(simd.correlation(a, a)).toBeCloseTo(1, 12);
    expect(simd.correlation(a, mirrored)).toBeGreaterThanOrEqual(-1);
    expect(simd.correlation(a, mirrored)).toBeCloseTo(-1, 12);
  }
});

test("refuses arrays of different lengths, windows out of range and results without room", () => {
  const { simd } = setUp();
  const four = new Float64Array(4);
  const five = new Float64Array(5);
  expect(() => simd.vwap(four, five)).toThrow("both arrays must have the same length, got 4 and 5");
  expect(() => simd.correlation(five, four)).toThrow(InvalidInputError);
  for (const window of [0, 1.5, 16_385, Number.NaN])
    expect(() => simd.rollingMean(four, window, four)).toThrow(InvalidInputError);
  expect(() => simd.rollingVariance(five, 1, four)).toThrow("room for 5 values, got an array of 4");
});

test("hands out arrays until its memory is full, and refuses then", () => {
  const kernels = createKernels({ arenaBytes: 1000 });
  const first = kernels.allocFloat64(10);
  const second = kernels.allocFloat32(3);
  const third = kernels.allocFloat64(10);
  first.fill(1);
  second.fill(2);
  third.fill(3);
  expect([...first, ...second, ...third]).toEqual([...Array(10).fill(1), 2, 2, 2, ...Array(10).fill(3)]);
  expect(() => kernels.allocFloat64(1e6)).toThrow(ArenaFullError);
  expect(() => kernels.allocFloat64(-1)).toThrow(InvalidInputError);
  expect(() => createKernels({ arenaBytes: 2 ** 31 })).toThrow("arenaBytes must be");
});

test("reads no further than its memory, with an array at the very end", () => {
  const kernels = createKernels({ arenaBytes: 0 });
  // Fills what the rounding to pages left.
  let length = 2 ** 16;
  let last: Float64Array | undefined;
  for (; length >= 256; length >>= 1) {
    try {
      last = kernels.allocFloat64(length - 1).fill(1);
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
    }
  }
  const values = last as Float64Array;
  const means = new Float64Array(values.length);
  for (const window of [1, 2, 3, 100, 255, values.length]) kernels.rollingMean(values, window, means);
  expect(means[0]).toBe(1);
});

test("falls back to plain JavaScript, with the same results, where the host has no WebAssembly", async () => {
  const program = `
    import { createKernels } from ${JSON.stringify(fileURLToPath(new URL("../../src/simd/index.ts", import.meta.url)))};
    const kernels = createKernels();
    const values = Float64Array.from({ length: 500 }, (_, i) => Math.sqrt(i));
    process.stdout.write(JSON.stringify({ simd: kernels.simd, sum: kernels.sum(values) }));
  `;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: "." },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
  });
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--jitless",
    "--no-warnings",
    "--input-type=module",
    "--eval",
    outputFiles[0]?.text ?? "",
  ]);
  const { simd } = setUp();
  expect(JSON.parse(stdout)).toEqual({
    simd: false,
    sum: simd.sum(Float64Array.from({ length: 500 }, (_, i) => Math.sqrt(i))),
  });
});
