const BEHIND = 16; // bytes, more than any reader looks ahead

/**
 * A copy of the frame that is being read, for readers of several bytes at once.
 *
 *   {"stream":"btcusdt@depth", ... }} 0 ...     no reader takes the zero behind a frame for a part of it
 *
 * Copying costs some 30 ns and buys that one view serves all frames, and that a read may go beyond the frame's end, which is often
 * the end of a socket's memory. It has room for twice the longest frame.
 */
export class FrameCopy {
  #bytes = new Uint8Array(4_096);
  #view = new DataView(this.#bytes.buffer);

  /** The bytes of `data`, at the same indices. Valid until the next call. */
  take(data: Uint8Array): DataView {
    const { length } = data;
    if (length + BEHIND > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 * length + BEHIND);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#bytes.set(data);
    this.#bytes[length] = 0;
    return this.#view;
  }
}
