/**
 * The kernels of kernels.wat in plain JavaScript: the same operations in the same order, so the same bits. Change them together.
 *
 * Each adds the values from index `from` up to `to` to running sums in `lanes`, laid out as kernels.wat says, and, unlike that,
 * also takes what is left over by whole blocks. Reads are cast because every index is below the length.
 */

/** Arrays the kernels read. Floats are added up as doubles, which hold them exactly. */
export type Floats = Float64Array | Float32Array;

/** How many of the lanes each kernel uses. */
export const SUM_LANES = 4;
export const WEIGH_LANES = 8;
export const MOMENT_LANES = 10;

export function addSum(values: Floats, from: number, to: number, lanes: Float64Array): void {
  let s0 = lanes[0] as number;
  let s1 = lanes[1] as number;
  let s2 = lanes[2] as number;
  let s3 = lanes[3] as number;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    s0 += values[i] as number;
    s1 += values[i + 1] as number;
    s2 += values[i + 2] as number;
    s3 += values[i + 3] as number;
  }
  if (i < to) s0 += values[i] as number;
  if (i + 1 < to) s1 += values[i + 1] as number;
  if (i + 2 < to) s2 += values[i + 2] as number;
  lanes[0] = s0;
  lanes[1] = s1;
  lanes[2] = s2;
  lanes[3] = s3;
}

export function addWeighed(values: Floats, weights: Floats, from: number, to: number, lanes: Float64Array): void {
  // Two lanes at a time, in two passes: V8 keeps four running sums in registers, eight it moves to memory and back.
  const last = to - 1;
  for (let lane = 0; lane < 4; lane += 2) {
    let s0 = lanes[lane] as number;
    let s1 = lanes[lane + 1] as number;
    let w0 = lanes[lane + 4] as number;
    let w1 = lanes[lane + 5] as number;
    let i = from + lane;
    for (; i < last; i += 4) {
      const a = weights[i] as number;
      const b = weights[i + 1] as number;
      s0 += (values[i] as number) * a;
      s1 += (values[i + 1] as number) * b;
      w0 += a;
      w1 += b;
    }
    if (i < to) {
      s0 += (values[i] as number) * (weights[i] as number);
      w0 += weights[i] as number;
    }
    lanes[lane] = s0;
    lanes[lane + 1] = s1;
    lanes[lane + 4] = w0;
    lanes[lane + 5] = w1;
  }
}

export function addMoments(
  a: Floats,
  b: Floats,
  from: number,
  to: number,
  lanes: Float64Array,
  pivotA: number,
  pivotB: number,
): void {
  for (let lane = 0; lane < 2; lane++) {
    let x = lanes[lane] as number;
    let y = lanes[lane + 2] as number;
    let xx = lanes[lane + 4] as number;
    let yy = lanes[lane + 6] as number;
    let xy = lanes[lane + 8] as number;
    for (let i = from + lane; i < to; i += 2) {
      const dx = (a[i] as number) - pivotA;
      const dy = (b[i] as number) - pivotB;
      x += dx;
      y += dy;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    lanes[lane] = x;
    lanes[lane + 2] = y;
    lanes[lane + 4] = xx;
    lanes[lane + 6] = yy;
    lanes[lane + 8] = xy;
  }
}

/** One sum out of four lanes, from lane `at`. */
export function foldFour(lanes: Float64Array, at: number): number {
  return (lanes[at] as number) + (lanes[at + 1] as number) + ((lanes[at + 2] as number) + (lanes[at + 3] as number));
}

/** Pearson's coefficient of `count` pairs out of what `addMoments` left; NaN when either side does not vary. */
export function foldCorrelation(lanes: Float64Array, count: number): number {
  const x = (lanes[0] as number) + (lanes[1] as number);
  const y = (lanes[2] as number) + (lanes[3] as number);
  const xx = (lanes[4] as number) + (lanes[5] as number) - (x * x) / count;
  const yy = (lanes[6] as number) + (lanes[7] as number) - (y * y) / count;
  const xy = (lanes[8] as number) + (lanes[9] as number) - (x * y) / count;
  if (!(xx > 0 && yy > 0)) return Number.NaN;
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy)))); // rounding may pass 1 by a little
}
