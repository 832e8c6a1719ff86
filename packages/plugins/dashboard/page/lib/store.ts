import { useEffect, useState } from "preact/hooks";

/** A value that views watch. */
export interface Store<T> {
  get(): T;
  /** Puts `next` in place and tells who watches; nothing happens when it is the same value. */
  set(next: T): void;
  update(change: (value: T) => T): void;
  subscribe(listener: () => void): () => void;
}

/** A store that starts with `value`. Values are replaced, never changed in place. */
export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>();
  const store: Store<T> = {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    update: (change) => store.set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return store;
}

/** The store's value in a component, which is drawn again when it is another one. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const read = () => setValue(() => store.get());
    read(); // it may have changed between the first drawing and this effect
    return store.subscribe(read);
  }, [store]);
  return value;
}
