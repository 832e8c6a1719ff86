import { type ReadingOutcome, Readings, type ReadingTask } from "./tasks.ts";

const readings = new Readings(); // the thread's: it ends with it

/** The pool of worker threads takes a module's default export. */
export default (task: ReadingTask): Promise<ReadingOutcome> => readings.perform(task);
