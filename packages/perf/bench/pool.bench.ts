// Pools pay where an object outlives its call, and cost where it does not; both are here. A regression is paid by every order.
// "N live": a ring of N orders; each step ends the oldest and makes the newest, as a strategy's open orders do.
import { createSystemClock } from "@pitlane/perf";
import { BufferPool, createWorkerPool, ObjectPool, ResourcePool, SlotPool } from "@pitlane/perf/pool";
import { createPool } from "generic-pool";
import { Piscina } from "piscina";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

/** As a venue's message has it: six of the twelve fields are doubles, each a box of its own on the heap. */
interface Order {
  id: number;
  instrument: string;
  clientOrderId: string;
  side: number;
  state: number;
  price: number;
  size: number;
  filled: number;
  feeRate: number;
  submittedAtUs: number;
  updatedAtUs: number;
  owner: object | null;
}

const OWNER = {};

function fill(order: Order, i: number): Order {
  order.id = i;
  order.instrument = "paper:BTC/USDT";
  order.clientOrderId = "c-1";
  order.side = i & 1;
  order.state = 0;
  order.price = i * 0.5;
  order.size = i * 0.25;
  order.filled = 0.5;
  order.feeRate = 0.001;
  order.submittedAtUs = i + 0.5;
  order.updatedAtUs = i + 0.5;
  order.owner = OWNER;
  return order;
}

const allocate = (i: number): Order => ({
  id: i,
  instrument: "paper:BTC/USDT",
  clientOrderId: "c-1",
  side: i & 1,
  state: 0,
  price: i * 0.5,
  size: i * 0.25,
  filled: 0.5,
  feeRate: 0.001,
  submittedAtUs: i + 0.5,
  updatedAtUs: i + 0.5,
  owner: OWNER,
});

const orderPool = (size: number) =>
  new ObjectPool<Order>({
    create: () => allocate(0),
    reset: (order) => {
      order.owner = null;
    },
    initial: size,
    max: size,
  });

const livePooled = (live: number): Case => ({
  loop: () => {
    const pool = orderPool(live);
    const ring = Array.from({ length: live }, (_, i) => fill(pool.acquire(), i));
    let at = 0;
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const oldest = ring[at] as Order;
        sum += oldest.size;
        pool.release(oldest);
        ring[at] = fill(pool.acquire(), i);
        if (++at === live) at = 0;
      }
      return sum;
    };
  },
});

const liveAllocated = (live: number): Case => ({
  loop: () => {
    const ring = Array.from({ length: live }, (_, i) => allocate(i));
    let at = 0;
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        sum += (ring[at] as Order).size;
        ring[at] = allocate(i);
        if (++at === live) at = 0;
      }
      return sum;
    };
  },
});

/** The same order in columns; text by its number in a table, as columns have it. */
const liveSlots = (live: number): Case => ({
  loop: () => {
    const slots = new SlotPool(live);
    const ids = new Float64Array(live);
    const words = new Int32Array(live * 5);
    const doubles = new Float64Array(live * 6);
    const put = (i: number): number => {
      const handle = slots.acquire();
      const slot = slots.slotOf(handle);
      ids[slot] = i;
      words[slot * 5] = 1;
      words[slot * 5 + 1] = 2;
      words[slot * 5 + 2] = i & 1;
      words[slot * 5 + 3] = 0;
      words[slot * 5 + 4] = 3;
      doubles[slot * 6] = i * 0.5;
      doubles[slot * 6 + 1] = i * 0.25;
      doubles[slot * 6 + 2] = 0.5;
      doubles[slot * 6 + 3] = 0.001;
      doubles[slot * 6 + 4] = i + 0.5;
      doubles[slot * 6 + 5] = i + 0.5;
      return handle;
    };
    const ring = Int32Array.from({ length: live }, (_, i) => put(i));
    let at = 0;
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const oldest = ring[at] as number;
        sum += doubles[slots.slotOf(oldest) * 6 + 1] as number;
        slots.release(oldest);
        ring[at] = put(i);
        if (++at === live) at = 0;
      }
      return sum;
    };
  },
});

/** Buffers are held 64 at a time, as frames are that wait for a socket. */
const buffers = (make: () => { take(): Buffer; giveBack(buffer: Buffer): void }): Case => ({
  loop: () => {
    const { take, giveBack } = make();
    const held = Array.from({ length: 64 }, take);
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        giveBack(held[i & 63] as Buffer);
        const buffer = take();
        buffer[0] = i;
        held[i & 63] = buffer;
        sum += buffer.length;
      }
      return sum;
    };
  },
});

const pooledBuffers = buffers(() => {
  const pool = new BufferPool();
  return { take: () => pool.acquire(1024), giveBack: (buffer) => pool.release(buffer) };
});

const connect = async () => ({ queries: 0 });

/** `callers` take turns on 20 connections; each query is one promise long. */
const querying = (
  make: () => (query: (connection: { queries: number }) => void) => Promise<void>,
  callers: number,
): Case => ({
  loop: () => {
    const use = make();
    const query = (connection: { queries: number }) => {
      connection.queries++;
    };
    const call = async (times: number) => {
      for (let i = 0; i < times; i++) await use(query);
    };
    return (n) => Promise.all(Array.from({ length: callers }, () => call(Math.ceil(n / callers))));
  },
});

const oursResource = () => {
  const clock = createSystemClock();
  const pool = new ResourcePool({ create: connect, destroy: async () => {}, onError: () => {}, overflow: 0, clock });
  return async (query: (connection: { queries: number }) => void) => {
    const lease = await pool.acquire();
    query(lease.resource);
    await undefined;
    lease.release();
  };
};

const genericResource = () => {
  const pool = createPool({ create: connect, destroy: async () => {} }, { max: 20, acquireTimeoutMillis: 30_000 });
  return async (query: (connection: { queries: number }) => void) => {
    const connection = await pool.acquire();
    query(connection);
    await undefined;
    await pool.release(connection);
  };
};

const WORKER = new URL("../pool-worker.mjs", import.meta.url); // bundles lie one folder below this one
const WORKERS = 2;

const TASKS = 20_000;

/**
 * CPU time of all threads for one task, in microseconds, while `callers` are under way; the threads are warm. Not the time
 * that passes: whether a sleeping core must be woken doubles that by chance, for either side.
 */
const cpuOfTasks = (make: () => Promise<(value: number) => Promise<number>>, callers: number): Case => ({
  value: async () => {
    const run = await make();
    const call = async (times: number) => {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += await run(i);
      return sum;
    };
    const callAll = (count: number) => Promise.all(Array.from({ length: callers }, () => call(count / callers)));
    await callAll(TASKS / 4);
    const before = process.cpuUsage();
    await callAll(TASKS);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / TASKS;
  },
});

const oursWorkers = async () => {
  const clock = createSystemClock();
  const pool = await createWorkerPool<number, number>({ file: WORKER, workers: WORKERS, clock });
  return (value: number) => pool.run(value);
};

const piscinaWorkers = async () => {
  const threads = { minThreads: 0, maxThreads: WORKERS, idleTimeout: 30_000 }; // idle threads end, as ours do
  const pool = new Piscina<number, number>({ filename: WORKER.href, ...threads });
  return (value: number) => pool.run(value);
};

const DOUBLES_NOTE =
  "half of ours is filling in twelve fields; with integers alone, which no literal boxes, the gain is less";
const COLUMNS_NOTE = "a handle is checked at each of three uses; ours holds no text, but its number in a table";
const RESOURCE_NOTE =
  "generic-pool recycles nothing by age, and a second release takes the resource from whoever has it by then";
const WORKER_NOTE =
  "ours also bounds and measures its queue, limits each task's time and survives a thread that cannot start";

const suite: Suite = {
  name: "pool",
  comparisons: [
    {
      name: "object pool, acquire + release of an order, 1,000 live",
      unit: "ns/op",
      ours: livePooled(1_000),
      peers: { "allocate literal": { case: liveAllocated(1_000), aim: 0.45, note: DOUBLES_NOTE } },
    },
    {
      name: "object pool, acquire + release of an order, 100,000 live",
      unit: "ns/op",
      ours: livePooled(100_000),
      peers: { "allocate literal": { case: liveAllocated(100_000), aim: 0.1, note: DOUBLES_NOTE } },
    },
    {
      name: "object pool, order that does not leave its call",
      unit: "ns/op",
      ours: {
        loop: () => {
          const pool = orderPool(1_000);
          return (n) => {
            let sum = 0;
            for (let i = 0; i < n; i++) {
              const order = fill(pool.acquire(), i);
              sum += order.size;
              pool.release(order);
            }
            return sum;
          };
        },
      },
      peers: {
        "allocate literal (floor)": {
          case: {
            loop: () => (n) => {
              let sum = 0;
              for (let i = 0; i < n; i++) sum += allocate(i).size;
              return sum;
            },
          },
          aim: null,
          note: "here a pool hurts: V8 does not make an object at all that stays in its call",
        },
      },
    },
    {
      name: "slot pool, order in columns, 1,000 live",
      unit: "ns/op",
      ours: liveSlots(1_000),
      peers: { "allocate literal": { case: liveAllocated(1_000), aim: 0.45, note: COLUMNS_NOTE } },
    },
    {
      name: "slot pool, order in columns, 100,000 live",
      unit: "ns/op",
      ours: liveSlots(100_000),
      peers: { "allocate literal": { case: liveAllocated(100_000), aim: 0.1, note: COLUMNS_NOTE } },
    },
    {
      name: "buffer pool, acquire + release of 1 KiB",
      unit: "ns/op",
      ours: pooledBuffers,
      peers: {
        "Buffer.allocUnsafe": { case: buffers(() => ({ take: () => Buffer.allocUnsafe(1024), giveBack: () => {} })) },
        "Buffer.alloc": {
          case: buffers(() => ({ take: () => Buffer.alloc(1024), giveBack: () => {} })),
          note: "zeroed; ours has what the last user wrote",
        },
      },
    },
    {
      name: "resource pool, acquire + release, 1 caller",
      unit: "ns/op",
      ours: querying(oursResource, 1),
      peers: { "generic-pool 3": { case: querying(genericResource, 1), note: RESOURCE_NOTE } },
    },
    {
      name: "resource pool, acquire + release, 50 callers, 20 resources",
      unit: "ns/op",
      ours: querying(oursResource, 50),
      peers: { "generic-pool 3": { case: querying(genericResource, 50), note: RESOURCE_NOTE } },
    },
    {
      name: "worker pool, CPU of an empty task, 1 caller",
      unit: "us/op",
      ours: cpuOfTasks(oursWorkers, 1),
      peers: { "piscina 5": { case: cpuOfTasks(piscinaWorkers, 1), aim: 1.15, note: WORKER_NOTE } },
      rounds: 5,
    },
    {
      name: "worker pool, CPU of an empty task, 16 callers, 2 threads",
      unit: "us/op",
      ours: cpuOfTasks(oursWorkers, 16),
      peers: { "piscina 5": { case: cpuOfTasks(piscinaWorkers, 16), aim: 1.15, note: WORKER_NOTE } },
      rounds: 5,
    },
  ],
};

export default suite;
