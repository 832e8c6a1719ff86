// Indicators over the last prices of one instrument, kept where the SIMD kernels read them without a copy.
import { createKernels } from "@pitlane/perf/simd";

const LENGTH = 1000;
const WINDOW = 20;

const kernels = createKernels();
const prices = kernels.allocFloat64(LENGTH);
const volumes = kernels.allocFloat64(LENGTH);
const means = kernels.allocFloat64(LENGTH);
const variances = kernels.allocFloat64(LENGTH);

for (let i = 0; i < LENGTH; i++) {
  prices[i] = 50_000 + 100 * Math.sin(i / 50) + (i % 7);
  volumes[i] = 1 + (i % 5);
}

console.log("SIMD:", kernels.simd);
console.log("VWAP:", kernels.vwap(prices, volumes).toFixed(2));
console.log("price and volume, correlation:", kernels.correlation(prices, volumes).toFixed(4));

// Bollinger bands of the last window.
const windows = kernels.rollingMean(prices, WINDOW, means);
kernels.rollingVariance(prices, WINDOW, variances);
const mean = means[windows - 1] ?? Number.NaN;
const deviation = Math.sqrt(variances[windows - 1] ?? Number.NaN);
console.log("bands:", (mean - 2 * deviation).toFixed(2), mean.toFixed(2), (mean + 2 * deviation).toFixed(2));
