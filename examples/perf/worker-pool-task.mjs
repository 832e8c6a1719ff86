// Runs on a worker thread: the variance of the returns of a random walk, which keeps a core busy for some milliseconds.
/** @param {{ prices: Float64Array }} task */
export default function realisedVariance({ prices }) {
  let sum = 0;
  for (let i = 1; i < prices.length; i++) sum += Math.log(prices[i] / prices[i - 1]) ** 2;
  return sum / (prices.length - 1);
}
