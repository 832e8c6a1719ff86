/**
 * Keeps the event loop from sleeping, until what it returns is called: sockets are asked again and again instead of waited for. A core
 * that sleeps takes tens of microseconds to wake in a virtual machine, and then finds its caches cold; this one is kept busy for that.
 *
 * As the busy-spin idle strategy of Aeron and LMAX, or `SO_BUSY_POLL` of Linux for one socket.
 *
 * @example
 * const stop = pollBusily();
 * stop();
 */
export function pollBusily(): () => void {
  let immediate = setImmediate(turn);
  function turn(): void {
    immediate = setImmediate(turn);
  }
  return () => clearImmediate(immediate);
}
