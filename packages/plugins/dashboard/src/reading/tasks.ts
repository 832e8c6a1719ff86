import { type PageQuery, readPage } from "./journal-page.ts";
import { readTail, type TailQuery } from "./journal-tail.ts";
import { type OptimizerQuery, readOptimizer } from "./optimizer.ts";
import { readTree, type TreeQuery } from "./profiles.ts";
import { type RunsQuery, readRuns } from "./runs.ts";
import { readSamples, type SamplesQuery } from "./samples.ts";
import { readStory, type StoryQuery } from "./story.ts";

/** What is read from files, by name. */
export const READINGS = {
  page: (query: PageQuery) => readPage(query),
  tail: (query: TailQuery) => readTail(query),
  story: (query: StoryQuery) => readStory(query),
  runs: (query: RunsQuery) => readRuns(query),
  samples: (query: SamplesQuery) => readSamples(query),
  tree: (query: TreeQuery) => readTree(query),
  optimizer: (query: OptimizerQuery) => readOptimizer(query),
};

export type ReadingName = keyof typeof READINGS;
export type QueryOf<Name extends ReadingName> = Parameters<(typeof READINGS)[Name]>[0];
export type AnswerOf<Name extends ReadingName> = Awaited<ReturnType<(typeof READINGS)[Name]>>;

/** A reading that was asked for. */
export interface ReadingTask {
  readonly name: ReadingName;
  readonly query: unknown;
}

/** What came of it. Errors cross threads as plain data: their classes do not. */
export type ReadingOutcome =
  | { readonly isDone: true; readonly answer: unknown }
  | { readonly isDone: false; readonly message: string };

/** Reads what a task asks for; what goes wrong is part of the outcome. */
export async function perform({ name, query }: ReadingTask): Promise<ReadingOutcome> {
  try {
    const read = READINGS[name] as (query: unknown) => unknown;
    return { isDone: true, answer: await read(query) };
  } catch (error) {
    return { isDone: false, message: error instanceof Error ? error.message : String(error) };
  }
}
