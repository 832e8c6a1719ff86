// Queues of the bus and of streams are rings: a regression here is paid by every event. The floor is a plain array slot.
import { bench, do_not_optimize, run, summary } from "mitata";
import { Ring } from "../src/ring/index.ts";

const event = { kind: "trade" };
const ring = new Ring<object>(1024);
const slots = new Array<object | undefined>(1024).fill(undefined);
const fifo: object[] = [];
let next = 0;

summary(() => {
  bench("array slot, write + read", () => {
    slots[next & 1023] = event;
    do_not_optimize(slots[next++ & 1023]);
  });
  bench("Ring, push + shift", () => {
    ring.tryPush(event);
    do_not_optimize(ring.shift());
  });
  bench("Array, push + shift", () => {
    fifo.push(event);
    do_not_optimize(fifo.shift());
  });
});

await run();
