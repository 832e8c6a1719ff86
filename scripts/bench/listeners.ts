import type { Case } from "./suite.ts";

/** The numbers of listeners that are measured. */
export const NUMBERS = [1, 4, 16] as const;

export interface Tick {
  readonly value: number;
}

export type Listener = (tick: Tick) => void;
export type Emit = (tick: Tick) => unknown;

/**
 * Listeners with code of their own, as those of a program's plugins have: what V8 learns of one must not serve another.
 *
 * @param sums Where listener `i` counts.
 */
function createListeners(count: number, sums: Float64Array, label: string): Listener[] {
  return Array.from(
    { length: count },
    (_, i) =>
      new Function("sums", `/* ${label} ${i} */ return (tick) => { sums[${i}] += tick.value; };`)(sums) as Listener,
  );
}

/**
 * Emits to `count` listeners, once others of every number have been emitted to: code that all events share has seen many listeners by then,
 * as in a program.
 */
export function emitting(count: number, create: (listeners: readonly Listener[], label: string) => Emit): Case {
  return {
    loop: () => {
      const sums = new Float64Array(16);
      const ticks: readonly Tick[] = [{ value: 1 }, { value: 2 }];
      const run = (emit: Emit, n: number) => {
        for (let i = 0; i < n; i++) emit(ticks[i & 1]!);
      };
      for (const [i, other] of [16, 4, 1, 16, 4].entries()) {
        const label = `other ${i}`;
        run(create(createListeners(other, sums, label), label), 100_000);
      }
      const emit = create(createListeners(count, sums, "measured"), "measured");
      return (n) => {
        run(emit, n);
        return sums;
      };
    },
  };
}

/** One statement a listener and nothing else: no isolation, no filter, no order. */
export function generated(listeners: readonly Listener[], label: string): Emit {
  const names = listeners.map((_, i) => `h${i}`);
  const source = `/* ${label} */ return (tick) => { ${names.map((name) => `${name}(tick);`).join(" ")} };`;
  return new Function(...names, source)(...listeners) as Emit;
}

export function plainLoop(listeners: readonly Listener[]): Emit {
  return (tick) => {
    for (let i = 0; i < listeners.length; i++) listeners[i]!(tick);
  };
}
