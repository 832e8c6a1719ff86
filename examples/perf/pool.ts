// Orders from an object pool, frames from a buffer pool, connections from a resource pool, and what each has to say at the end.
import { createSystemClock } from "@pitlane/perf";
import { BufferPool, DoubleReleaseError, ObjectPool, ResourcePool } from "@pitlane/perf/pool";

const orders = new ObjectPool({
  create: () => ({ priceTicks: 0, sizeLots: 0, onFill: undefined as (() => void) | undefined }),
  reset: (order) => {
    order.onFill = undefined; // or the pool would keep alive what the function holds
  },
  max: 5_000,
});
const order = orders.acquire();
order.priceTicks = 6_712_345;
orders.release(order);
try {
  orders.release(order);
} catch (error) {
  if (error instanceof DoubleReleaseError) console.log(`${error.code}: ${error.message}`);
}
console.log("orders", orders.stats());

const buffers = new BufferPool(); // 512 of 1 KiB
const snapshot = buffers.acquire(20_000); // larger: allocated for this loan only
console.log("with a snapshot:", buffers.stats().bytes, "bytes");
buffers.release(snapshot);
console.log("after it:       ", buffers.stats().bytes, "bytes");

const connections = new ResourcePool({
  create: async () => ({ query: async (sql: string) => `answer to "${sql}"`, end: async () => {} }),
  destroy: (connection) => connection.end(),
  check: async (connection) => (await connection.query("select 1")) !== "",
  onError: (error, during) => console.error(`pool, ${during}:`, error),
  clock: createSystemClock(),
});
console.log(await connections.use((connection) => connection.query("select * from fills"), AbortSignal.timeout(1_000)));
console.log("connections", connections.stats());
await connections.close(AbortSignal.timeout(10_000));
