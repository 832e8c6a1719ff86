// Queues of the bus and of streams are rings, and every market event goes into a buffer: a regression here is paid by every event.
// The floors are the same work written out over plain arrays.
import { Deque, MarketDataBuffer, PriorityLanes, Ring } from "@pitlane/perf/ring";
import Denque from "denque";
import fastq from "fastq";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const EVENTS = [{ kind: "trade" }, { kind: "quote" }]; // two, so that the stored pointer changes
const QUEUED = 100;
const BATCH = 1_000;
const LANES = 4;
const KEPT = 10_000;

/** One push and one shift, with 100 items in between. */
function steady<Q>(create: () => Q, push: (queue: Q, item: object) => unknown, shift: (queue: Q) => unknown): Case {
  return {
    loop: () => {
      const queue = create();
      for (let i = 0; i < QUEUED; i++) push(queue, EVENTS[i & 1]!);
      return (n) => {
        let last: unknown;
        for (let i = 0; i < n; i++) {
          push(queue, EVENTS[i & 1]!);
          last = shift(queue);
        }
        return last;
      };
    },
  };
}

/** 1,000 in, then 1,000 out; the figure is for one of each. */
function inBatches<Q>(create: () => Q, push: (queue: Q, item: object) => unknown, shift: (queue: Q) => unknown): Case {
  return {
    loop: () => {
      const queue = create();
      return (n) => {
        let last: unknown;
        for (let done = 0; done < n; done += BATCH) {
          const count = Math.min(BATCH, n - done);
          for (let i = 0; i < count; i++) push(queue, EVENTS[i & 1]!);
          for (let i = 0; i < count; i++) last = shift(queue);
        }
        return last;
      };
    },
  };
}

const queues = {
  ring: [
    () => new Ring<object>(1024),
    (ring: Ring<object>, item: object) => ring.tryPush(item),
    (ring: Ring<object>) => ring.shift(),
  ],
  denque: [
    () => new Denque<object>(),
    (queue: Denque<object>, item: object) => queue.push(item),
    (queue: Denque<object>) => queue.shift(),
  ],
  array: [(): object[] => [], (queue: object[], item: object) => queue.push(item), (queue: object[]) => queue.shift()],
} as const;

/** A slot written and one read by index: no full, no empty, nothing cleared. */
const slotFloor: Case = {
  loop: () => {
    const slots = new Array<object | undefined>(1024).fill(undefined);
    return (n) => {
      let last: unknown;
      for (let i = 0; i < n; i++) {
        slots[i & 1023] = EVENTS[i & 1];
        last = slots[(i - QUEUED) & 1023];
      }
      return last;
    };
  },
};

const fastqTask: Case = {
  loop: () => {
    const finished = new Float64Array(1);
    const queue = fastq((_item: object, done: (error: null) => void) => {
      finished[0]! += 1;
      done(null);
    }, 1);
    return (n) => {
      for (let i = 0; i < n; i++) queue.push(EVENTS[i & 1]!); // runs at once, since the worker is free
      return finished[0];
    };
  },
};

/** Four items in, one in each lane, least urgent first, and four out; the figure is for one in and one out. */
function lanes<Q>(
  create: () => Q,
  push: (lanes: Q, lane: number, item: object) => unknown,
  shift: (lanes: Q) => unknown,
): Case {
  return {
    loop: () => {
      const queue = create();
      for (let i = 0; i < QUEUED; i++) push(queue, LANES - 1, EVENTS[i & 1]!);
      return (n) => {
        let last: unknown;
        for (let done = 0; done < n; done += LANES) {
          for (let lane = LANES - 1; lane >= 0; lane--) push(queue, lane, EVENTS[lane & 1]!);
          for (let i = 0; i < LANES; i++) last = shift(queue);
        }
        return last;
      };
    },
  };
}

/** What a program would write by hand in place of `PriorityLanes`. */
class PlainLanes<Q> {
  readonly queues: readonly Q[];
  bits = 0;

  constructor(create: () => Q) {
    this.queues = Array.from({ length: LANES }, create);
  }
}

const plainRings: Case = lanes(
  () => new PlainLanes(() => new Ring<object>(1024)),
  (lanes, lane, item) => {
    if (lanes.queues[lane]!.tryPush(item)) lanes.bits |= 1 << lane;
  },
  (lanes) => {
    if (lanes.bits === 0) return undefined;
    const lane = 31 - Math.clz32(lanes.bits & -lanes.bits);
    const item = lanes.queues[lane]!.shift();
    if (lanes.queues[lane]!.size === 0) lanes.bits &= ~(1 << lane);
    return item;
  },
);

const plainDenques: Case = lanes(
  () => new PlainLanes(() => new Denque<object>()),
  (lanes, lane, item) => {
    lanes.queues[lane]!.push(item);
    lanes.bits |= 1 << lane;
  },
  (lanes) => {
    if (lanes.bits === 0) return undefined;
    const lane = 31 - Math.clz32(lanes.bits & -lanes.bits);
    const item = lanes.queues[lane]!.shift();
    if (lanes.queues[lane]!.size() === 0) lanes.bits &= ~(1 << lane);
    return item;
  },
);

/** Both ends in turn, 100 items in between; the figure is for one in and one out. */
const ourDeque: Case = {
  loop: () => {
    const deque = new Deque<object>(1024);
    for (let i = 0; i < QUEUED; i++) deque.tryPush(EVENTS[i & 1]!);
    return (n) => {
      let last: unknown;
      for (let done = 0; done < n; done += 2) {
        deque.tryPush(EVENTS[0]!);
        deque.tryUnshift(EVENTS[1]!);
        last = deque.pop();
        last = deque.shift();
      }
      return last;
    };
  },
};

const denqueBothEnds: Case = {
  loop: () => {
    const deque = new Denque<object>();
    for (let i = 0; i < QUEUED; i++) deque.push(EVENTS[i & 1]!);
    return (n) => {
      let last: unknown;
      for (let done = 0; done < n; done += 2) {
        deque.push(EVENTS[0]!);
        deque.unshift(EVENTS[1]!);
        last = deque.pop();
        last = deque.shift();
      }
      return last;
    };
  },
};

/** A trade a microsecond into a history of the latest 10,000. */
function history<B>(
  create: () => B,
  push: (buffer: B, atUs: number, priceTicks: number, sizeLots: number) => unknown,
): Case {
  return {
    loop: () => {
      const buffer = create();
      let atUs = 1_767_225_600_000_000;
      for (let i = 0; i < KEPT; i++) push(buffer, atUs++, i & 1023, i & 7);
      return (n) => {
        let nowUs = atUs;
        for (let i = 0; i < n; i++) push(buffer, nowUs++, i & 1023, i & 7);
        atUs = nowUs;
        return buffer;
      };
    },
  };
}

const ourHistory = history(
  () => new MarketDataBuffer({ fields: ["priceTicks", "sizeLots"], capacity: KEPT }),
  (buffer, atUs, priceTicks, sizeLots) => buffer.push(atUs, priceTicks, sizeLots),
);

const arrayHistory = history(
  (): object[] => [],
  (rows, atUs, priceTicks, sizeLots) => {
    rows.push({ atUs, priceTicks, sizeLots });
    if (rows.length > KEPT) rows.shift();
  },
);

const denqueHistory = history(
  () => new Denque<object>([], { capacity: KEPT }),
  (rows, atUs, priceTicks, sizeLots) => rows.push({ atUs, priceTicks, sizeLots }),
);

const columnsFloor = history(
  () => ({
    atUs: new Float64Array(KEPT),
    priceTicks: new Float64Array(KEPT),
    sizeLots: new Float64Array(KEPT),
    next: 0,
  }),
  (columns, atUs, priceTicks, sizeLots) => {
    const slot = columns.next;
    columns.atUs[slot] = atUs;
    columns.priceTicks[slot] = priceTicks;
    columns.sizeLots[slot] = sizeLots;
    columns.next = slot + 1 === KEPT ? 0 : slot + 1;
  },
);

const GROWS = "denque grows without bound; ours refuses when full";

const suite: Suite = {
  name: "rings and buffers",
  comparisons: [
    {
      name: "bounded queue, push + shift at 100 queued",
      unit: "ns/op",
      ours: steady(...queues.ring),
      peers: {
        "denque 2": { case: steady(...queues.denque), aim: 1.2, note: GROWS },
        "Array push + shift": { case: steady(...queues.array) },
        "fastq 1, a task that ends at once": {
          case: fastqTask,
          note: "a work queue: its figure is a task with a callback, not a channel",
        },
        "plain array slot (floor)": {
          case: slotFloor,
          aim: null,
          note: "neither full nor empty is told, nothing is cleared",
        },
      },
    },
    {
      name: "bounded queue, 1,000 in then 1,000 out",
      unit: "ns/op",
      ours: inBatches(...queues.ring),
      peers: {
        "denque 2": { case: inBatches(...queues.denque), aim: 1.2, note: GROWS },
        "Array push + shift": { case: inBatches(...queues.array) },
      },
      rounds: 3,
    },
    {
      name: "four priority lanes, push + shift",
      unit: "ns/op",
      ours: lanes(
        () => new PriorityLanes<object>([1024, 1024, 1024, 1024]),
        (lanes, lane, item) => lanes.tryPush(lane, item),
        (lanes) => lanes.shift(),
      ),
      peers: {
        "4 rings and a bitmask, written out (floor)": { case: plainRings, aim: 1.15 },
        "4 x denque 2 and a bitmask, written out": { case: plainDenques, note: "without bound" },
      },
    },
    {
      name: "deque, push + unshift + pop + shift, each half",
      unit: "ns/op",
      ours: ourDeque,
      peers: {
        "denque 2": {
          case: denqueBothEnds,
          aim: 1.2,
          note: "denque grows without bound; ours also compares with its capacity",
        },
      },
    },
    {
      name: "market-data buffer, push of three numbers, 10,000 kept",
      unit: "ns/op",
      ours: ourHistory,
      peers: {
        "Array of objects, push + shift": { case: arrayHistory },
        "denque 2 of objects, capacity 10,000": { case: denqueHistory },
        "typed columns written inline (floor)": { case: columnsFloor, aim: null, note: "no search by time, no counts" },
      },
    },
  ],
};

export default suite;
