/** Somebody who can be in rooms. */
export interface Listener {
  send(text: string, room: string): void;
}

/** Who is in which room. A room nothing is published to may be joined and stays silent, as at the venue. */
export class Rooms {
  readonly #listeners = new Map<string, Set<Listener>>();

  join(listener: Listener, room: string): void {
    let listeners = this.#listeners.get(room);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(room, listeners);
    }
    listeners.add(listener);
  }

  leave(listener: Listener, room: string): void {
    const listeners = this.#listeners.get(room);
    if (listeners?.delete(listener) && listeners.size === 0) this.#listeners.delete(room);
  }

  /** Sends `{"room","content"}` to everybody in `room`. The content is made, and written, once; not at all for an empty room. */
  publish(room: string, content: () => unknown): void {
    const listeners = this.#listeners.get(room);
    if (listeners === undefined) return;
    const text = JSON.stringify({ room, content: content() });
    for (const listener of listeners) listener.send(text, room);
  }
}
