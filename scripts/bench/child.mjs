/**
 * Measures one case in a process of its own and prints what it gives as one line of JSON:
 *
 *     node --expose-gc child.mjs BUNDLE COMPARISON PEER        a figure; "" for ours
 *     node --expose-gc child.mjs BUNDLE TRIAL CASE SECONDS     figures
 *
 * Of a windowed comparison it is forked: it sends "open" once the case is, measures a window at each message and sends its figure, and
 * ends when its parent disconnects.
 */
import { pathToFileURL } from "node:url";

const BATCH_MS = 40;
const BATCHES = 11;
const UNIT_NS = {
  "ns/op": 1,
  "ns/record": 1,
  "us/op": 1e3,
  ms: 1e6,
  "bytes/op": Number.NaN,
  bytes: Number.NaN,
  "%": Number.NaN,
};

/** @type {unknown} */
let kept; // what loops return, so that V8 cannot drop their work
const [bundle = "", comparisonName = "", peerName = "", seconds] = process.argv.slice(2);
/** @type {{ default: import("./suite.ts").Suite }} */
const { default: suite } = await import(pathToFileURL(bundle).href);
if (seconds !== undefined) await runTrial(Number(seconds));
const comparison = /** @type {import("./suite.ts").Comparison | import("./suite.ts").WindowedComparison} */ (
  suite.comparisons.find(({ name }) => name === comparisonName)
);
const measured = peerName === "" ? comparison.ours : comparison.peers[peerName]?.case;
if (measured === undefined) throw new Error(`no case "${peerName}" in "${comparisonName}"`);
const figure =
  "open" in measured
    ? await serveWindows(measured)
    : "value" in measured
      ? await measured.value()
      : await timeLoop(await measured.loop());
process.stdout.write(`\n${JSON.stringify({ figure })}\n`, () => process.exit(0));

/**
 * @param {import("./suite.ts").WindowedCase} windowed
 * @returns {Promise<never>} The process ends.
 */
async function serveWindows(windowed) {
  const { window, close } = await windowed.open();
  process.once("disconnect", () => {
    close();
    process.exit(0);
  });
  process.on("message", () => void window().then((figure) => process.send?.(figure)));
  process.send?.("open");
  return new Promise(() => {});
}

/**
 * @param {number} seconds
 * @returns {Promise<never>} The process ends.
 */
async function runTrial(seconds) {
  const measured = suite.trials?.find(({ name }) => name === comparisonName)?.cases[peerName];
  if (measured === undefined) throw new Error(`no case "${peerName}" in "${comparisonName}"`);
  const figures = await measured.run(seconds);
  // JSON has no infinity, and an interval without an end is one.
  const text = JSON.stringify({ figures }, (_, value) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value));
  await new Promise((resolve) => process.stdout.write(`\n${text}\n`, resolve));
  return process.exit(0);
}

/**
 * The quickest batch's time for one operation, in the comparison's unit: whatever else runs on the machine only ever adds to it.
 *
 * @param {import("./suite.ts").Loop} loop
 */
async function timeLoop(loop) {
  let n = 1;
  let tookNs = await timeBatch(loop, n);
  while (tookNs < BATCH_MS * 1e6 && n < 2 ** 40) {
    // Grows by at most ten: the first batches run in the interpreter and foretell little.
    n = Math.ceil(n * Math.min(10, Math.max(1.5, (BATCH_MS * 1.2e6) / Math.max(tookNs, 1))));
    tookNs = await timeBatch(loop, n);
  }
  let leastNs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < BATCHES; i++) leastNs = Math.min(leastNs, await timeBatch(loop, n));
  return leastNs / n / UNIT_NS[comparison.unit];
}

/**
 * @param {import("./suite.ts").Loop} loop
 * @param {number} n
 */
async function timeBatch(loop, n) {
  const startedNs = performance.now() * 1e6;
  const result = loop(n);
  kept = result instanceof Promise ? await result : result;
  const tookNs = performance.now() * 1e6 - startedNs;
  if (kept === process) throw new Error("unreachable: reads what was kept");
  return tookNs;
}
