/** Something that is to be done at a moment of simulated time. */
export interface Appointment {
  readonly atUs: number;
  readonly run: () => void;
  /** On its way between strategy and venue: it still arrives when the data are over. */
  readonly isMessage: boolean;
  /** What came first goes first among those of one moment. */
  readonly number: number;
  isCalledOff: boolean;
}

/**
 * What is to be done when, on simulated time: requests and reports under way, timers, samples of the equity. The earliest first, and of
 * one moment the one that was made first.
 *
 * `nextUs` is a field, so that a loop over market events asks with one comparison. A binary heap; one that is called off stays in it
 * until its time or until half of all are.
 *
 * @example
 * agenda.add(nowUs + 250, () => venue.arrive(order));
 * if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
 */
export class Agenda {
  /** Time of the earliest one, microseconds since the epoch; Infinity when there is none. It may be one that was called off. */
  nextUs: number = Number.POSITIVE_INFINITY;
  #heap: Appointment[] = [];
  #numbered = 0;
  #messages = 0;
  #calledOff = 0;
  readonly #onTime: (atUs: number) => void;

  /** @param onTime Told of the moment before what is due then is run. */
  constructor(onTime: (atUs: number) => void) {
    this.#onTime = onTime;
  }

  add(atUs: number, run: () => void, isMessage = false): Appointment {
    const appointment = { atUs, run, isMessage, number: this.#numbered++, isCalledOff: false };
    if (isMessage) this.#messages++;
    this.#heap.push(appointment);
    this.#rise(this.#heap.length - 1);
    this.#look();
    return appointment;
  }

  /** Has it not run; nothing when it has. Messages cannot be called off. */
  callOff(appointment: Appointment): void {
    if (appointment.isCalledOff || appointment.isMessage) return;
    appointment.isCalledOff = true;
    this.#calledOff++;
    if (this.#calledOff <= 64 || 2 * this.#calledOff <= this.#heap.length) return;
    this.#heap = this.#heap.filter(({ isCalledOff }) => !isCalledOff).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#calledOff = 0;
    this.#look();
  }

  /** Runs what is due by then, what they make for then among it. */
  runUntil(untilUs: number): void {
    while (this.nextUs <= untilUs) {
      const next = this.#take();
      if (next === undefined) continue;
      this.#onTime(next.atUs);
      next.run();
    }
  }

  /** Runs all messages under way, and those they make; nothing else. */
  runMessages(): void {
    while (this.#messages > 0) {
      const next = this.#take();
      if (next === undefined || !next.isMessage) continue;
      this.#onTime(next.atUs);
      next.run();
    }
  }

  /** Takes the earliest out; undefined when it was called off. */
  #take(): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    if (first.isMessage) this.#messages--;
    this.#look();
    if (first.isCalledOff) {
      this.#calledOff--;
      return undefined;
    }
    first.isCalledOff = true; // it is over: calling it off later does nothing
    return first;
  }

  #look(): void {
    this.nextUs = this.#heap[0]?.atUs ?? Number.POSITIVE_INFINITY;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const moved = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(moved, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = moved;
  }

  #sink(): void {
    const heap = this.#heap;
    const moved = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.number < b.number);
}
