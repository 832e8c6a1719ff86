// Every stage of every order records once, so a slower record is paid everywhere; percentiles are read by alerts and limits.
// Samples are log-normal (median 20 us), fixed by a seed, and wide enough that buckets do not stay in registers.
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { createRandom, createSystemClock, logNormal } from "@pitlane/perf";
import { LatencyHistogram, LatencyWindow, StageTimer, WindowedPercentiles } from "@pitlane/perf/metrics";
import { build, type Histogram, initWebAssembly } from "hdr-histogram-js";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const HOUR_NS = 3_600_000_000_000;
const FILLED = 100_000;

const random = createRandom(7);
const SAMPLES = Float64Array.from({ length: 4096 }, () => Math.round(logNormal(random, 20_000, 1)));
const sampleAt = (i: number) => SAMPLES[i & 4095] as number;

const nodeHistogram = () => createHistogram({ lowest: 1, highest: HOUR_NS, figures: 3 });
const hdrHistogram = (useWebAssembly = false) =>
  build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HOUR_NS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly,
  });
const wasmHistogram = async () => {
  await initWebAssembly();
  return hdrHistogram(true);
};

/** The same loop for whatever records: each case is a process, so the call stays monomorphic. */
const recording = (make: () => ((ns: number) => void) | Promise<(ns: number) => void>): Case => ({
  loop: async () => {
    const record = await make();
    const samples = SAMPLES; // a local: a module's variable would be loaded on each turn
    return (n) => {
      for (let i = 0; i < n; i++) record(samples[i & 4095] as number);
    };
  },
});

const reading = (make: () => (() => number) | Promise<() => number>): Case => ({
  loop: async () => {
    const read = await make();
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += read();
      return sum;
    };
  },
});

const oursFilled = () => {
  const histogram = new LatencyHistogram();
  for (let i = 0; i < FILLED; i++) histogram.record(sampleAt(i));
  return histogram;
};
const nodeFilled = () => {
  const histogram = nodeHistogram();
  for (let i = 0; i < FILLED; i++) histogram.record(sampleAt(i));
  return histogram;
};
const hdrFilled = (histogram: Histogram) => {
  for (let i = 0; i < FILLED; i++) histogram.recordValue(sampleAt(i));
  return histogram;
};
const fourOfNode = (histogram: RecordableHistogram) =>
  histogram.percentile(50) + histogram.percentile(90) + histogram.percentile(99) + histogram.percentile(99.9);
const fourOfHdr = (histogram: Histogram) =>
  histogram.getValueAtPercentile(50) +
  histogram.getValueAtPercentile(90) +
  histogram.getValueAtPercentile(99) +
  histogram.getValueAtPercentile(99.9);

/** HdrHistogram's buckets in the least that can count them: no rounding, no limits, no sums, no maximum. */
const plainLogLinear = () => {
  const counts = new Uint32Array(33 * 1024);
  return (ns: number) => {
    const widthBits = 21 - Math.clz32(ns | 1024);
    (counts[(widthBits << 10) + (ns >>> widthBits)] as number)++;
  };
};

const windowFilled = () => {
  const window = new LatencyWindow();
  for (let i = 0; i < FILLED; i++) window.record(sampleAt(i));
  return window;
};

const plainSummary = () => {
  const samples = Array.from({ length: 10_000 }, (_, i) => sampleAt(i * 7));
  return () => {
    const sorted = [...samples].sort((a, b) => a - b);
    const mean = sorted.reduce((sum, ns) => sum + ns, 0) / sorted.length;
    const squares = sorted.reduce((sum, ns) => sum + (ns - mean) ** 2, 0);
    return mean + Math.sqrt(squares / sorted.length) + (sorted[9900] as number);
  };
};

const typedSort = () => {
  const samples = Float64Array.from({ length: 10_000 }, (_, i) => sampleAt(i * 7));
  const sorted = new Float64Array(samples.length);
  return () => {
    sorted.set(samples);
    return sorted.sort()[9900] as number;
  };
};

const timedStages = () => {
  const timer = new StageTimer(["decode", "risk", "journal", "send"], createSystemClock());
  timer.start();
  return (n: number) => {
    for (let i = 0; i < n; i++) timer.mark(i & 3);
    return timer.total;
  };
};
const deltaStages = () => {
  const histograms = [nodeHistogram(), nodeHistogram(), nodeHistogram(), nodeHistogram()];
  return (n: number) => {
    for (let i = 0; i < n; i++) histograms[i & 3]?.recordDelta();
    return histograms;
  };
};
const bigintStages = () => {
  const histograms = [nodeHistogram(), nodeHistogram(), nodeHistogram(), nodeHistogram()];
  let last = process.hrtime.bigint();
  return (n: number) => {
    for (let i = 0; i < n; i++) {
      const now = process.hrtime.bigint();
      histograms[i & 3]?.record(now - last > 0n ? now - last : 1n);
      last = now;
    }
    return histograms;
  };
};

/** Bytes an operation leaves on the heap: the median of the batches that no collection fell into. */
const allocating = (make: () => (n: number) => unknown): Case => ({
  value: () => {
    const run = make();
    for (let i = 0; i < 20; i++) run(100_000);
    const bytes = Array.from({ length: 25 }, () => {
      const before = process.memoryUsage().heapUsed;
      run(10_000);
      return Math.round((process.memoryUsage().heapUsed - before) / 10_000);
    });
    const undisturbed = bytes.filter((perOp) => perOp >= 0).sort((x, y) => x - y);
    return undisturbed[undisturbed.length >> 1] ?? Number.NaN;
  },
});

const suite: Suite = {
  name: "latency",
  comparisons: [
    {
      name: "latency histogram, record",
      unit: "ns/op",
      ours: recording(() => {
        const histogram = new LatencyHistogram();
        return (ns) => histogram.record(ns);
      }),
      peers: {
        "perf_hooks createHistogram.record": {
          case: recording(() => {
            const histogram = nodeHistogram();
            return (ns) => histogram.record(ns);
          }),
        },
        "hdr-histogram-js 3 recordValue": {
          case: recording(() => {
            const histogram = hdrHistogram();
            return (ns) => histogram.recordValue(ns);
          }),
          note: "32-bit counts, its fastest in JavaScript",
        },
        "hdr-histogram-js 3 recordValue, WebAssembly": {
          case: recording(async () => {
            const histogram = await wasmHistogram();
            return (ns) => histogram.recordValue(ns);
          }),
        },
        "plain log-linear typed array (floor)": {
          case: recording(plainLogLinear),
          aim: 2,
          note: "the aim is 3 ns, some twice this floor, which neither rounds nor checks, has no maximum and no sums, and wraps at 2^31 ns",
        },
      },
    },
    {
      name: "latency histogram, p50 p90 p99 p99.9",
      unit: "us/op",
      rounds: 3,
      ours: reading(() => {
        const histogram = oursFilled();
        return () =>
          histogram.percentileNs(50) +
          histogram.percentileNs(90) +
          histogram.percentileNs(99) +
          histogram.percentileNs(99.9);
      }),
      peers: {
        "perf_hooks createHistogram.percentile": {
          case: reading(() => {
            const histogram = nodeFilled();
            return () => fourOfNode(histogram);
          }),
        },
        "hdr-histogram-js 3 getValueAtPercentile": {
          case: reading(() => {
            const histogram = hdrFilled(hdrHistogram());
            return () => fourOfHdr(histogram);
          }),
        },
        "hdr-histogram-js 3 getValueAtPercentile, WebAssembly": {
          case: reading(async () => {
            const histogram = hdrFilled(await wasmHistogram());
            return () => fourOfHdr(histogram);
          }),
        },
      },
    },
    {
      name: "latency histogram, merge",
      unit: "us/op",
      rounds: 3,
      ours: reading(() => {
        const total = new LatencyHistogram();
        const part = oursFilled();
        return () => {
          total.merge(part);
          return total.maxNs;
        };
      }),
      peers: {
        "perf_hooks createHistogram.add": {
          case: reading(() => {
            const total = nodeHistogram();
            const part = nodeFilled();
            return () => {
              total.add(part);
              return total.max;
            };
          }),
        },
        "hdr-histogram-js 3 add": {
          case: reading(() => {
            const total = hdrHistogram();
            const part = hdrFilled(hdrHistogram());
            return () => {
              total.add(part);
              return total.maxValue;
            };
          }),
        },
      },
    },
    {
      name: "windowed percentiles, record at a known time",
      unit: "ns/op",
      rounds: 3,
      ours: recording(() => {
        const latency = new WindowedPercentiles({ windowMs: 10_000, clock: createSystemClock() });
        return (ns) => latency.record(ns, ns);
      }),
      peers: {
        "perf_hooks createHistogram.record": {
          case: recording(() => {
            const histogram = nodeHistogram();
            return (ns) => histogram.record(ns);
          }),
          note: "keeps everything since the start; forgets by reset alone",
        },
      },
    },
    {
      name: "latency window of 10,000, record",
      unit: "ns/op",
      rounds: 3,
      ours: recording(() => {
        const window = new LatencyWindow();
        return (ns) => window.record(ns);
      }),
      peers: {
        "array, push and shift": {
          case: recording(() => {
            const samples = Array.from({ length: 10_000 }, (_, i) => sampleAt(i));
            return (ns) => {
              samples.push(ns);
              samples.shift();
            };
          }),
          note: "the usual way",
        },
        "plain circular typed array (floor)": {
          case: recording(() => {
            const samples = new Float64Array(16_384);
            let next = 0;
            return (ns) => {
              samples[next] = ns;
              next = (next + 1) & 16_383;
            };
          }),
          aim: null,
          note: "no size, any number accepted, a power of two",
        },
      },
    },
    {
      name: "latency window of 10,000, summary",
      unit: "us/op",
      rounds: 3,
      ours: reading(() => {
        const window = windowFilled();
        return () => window.summary().p99;
      }),
      peers: {
        "array copied, sorted, reduced": { case: reading(plainSummary), note: "mean, deviation and one percentile" },
        "Float64Array copied and sorted (floor)": {
          case: reading(typedSort),
          aim: 1.25,
          note: "exact percentiles need the order: nearly all of ours is this sort",
        },
      },
    },
    {
      name: "stage timer, one stage",
      unit: "ns/op",
      rounds: 3,
      ours: { loop: timedStages },
      peers: {
        "perf_hooks createHistogram.recordDelta": {
          case: { loop: deltaStages },
          aim: 1.25,
          note: "time since its own last call, so it cannot tell one stage from the next",
        },
        "hrtime.bigint, createHistogram.record": { case: { loop: bigintStages } },
        "clock.monotonicNs (floor)": {
          case: reading(() => {
            const clock = createSystemClock();
            return () => clock.monotonicNs();
          }),
          aim: 2.5,
          note: "the aim is 100 ns a stage, two and a half readings",
        },
      },
    },
    {
      name: "stage timer, allocated for one stage",
      unit: "bytes/op",
      rounds: 3,
      ours: allocating(timedStages),
      peers: {
        "hrtime.bigint, createHistogram.record": { case: allocating(bigintStages) },
      },
    },
  ],
};

export default suite;
