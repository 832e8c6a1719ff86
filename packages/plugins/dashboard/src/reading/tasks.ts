import { type PageQuery, readPage } from "./journal-page.ts";
import { type TailQuery, TailReader } from "./journal-tail.ts";
import { type OptimizerQuery, readOptimizer } from "./optimizer.ts";
import { HeapReader, type ProfileQuery, readTree } from "./profiles.ts";
import { type RunsQuery, readRuns } from "./runs.ts";
import { readSamples, type SamplesQuery } from "./samples.ts";
import { readStory, type StoryQuery } from "./story.ts";

/** What is read from files, by name. */
const readingsWith = (tails: TailReader, heaps: HeapReader) => ({
  page: (query: PageQuery) => readPage(query),
  tail: (query: TailQuery) => tails.read(query),
  story: (query: StoryQuery) => readStory(query),
  runs: (query: RunsQuery) => readRuns(query),
  samples: (query: SamplesQuery) => readSamples(query),
  tree: (query: ProfileQuery) => readTree(query),
  heap: (query: ProfileQuery) => heaps.read(query),
  optimizer: (query: OptimizerQuery) => readOptimizer(query),
});

type AllReadings = ReturnType<typeof readingsWith>;
export type ReadingName = keyof AllReadings;
export type QueryOf<Name extends ReadingName> = Parameters<AllReadings[Name]>[0];
export type AnswerOf<Name extends ReadingName> = Awaited<ReturnType<AllReadings[Name]>>;

/** A reading that was asked for. */
export interface ReadingTask {
  readonly name: ReadingName;
  readonly query: unknown;
}

/** What came of it. Errors cross threads as plain data: their classes do not. */
export type ReadingOutcome =
  | { readonly isDone: true; readonly answer: unknown }
  | { readonly isDone: false; readonly message: string };

/** Performs readings, one after the other. */
export class Readings {
  readonly #tails = new TailReader();
  readonly #all = readingsWith(this.#tails, new HeapReader());

  /** Reads what a task asks for; what goes wrong is part of the outcome. */
  async perform({ name, query }: ReadingTask): Promise<ReadingOutcome> {
    try {
      const read = this.#all[name] as (query: unknown) => unknown;
      return { isDone: true, answer: await read(query) };
    } catch (error) {
      return { isDone: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#tails.close();
  }
}
