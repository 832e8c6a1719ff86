import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { PitlaneError } from "@pitlane/perf";

/** A venue breaks a rule that all venues keep; the message says what was seen. */
export class ConformanceError extends PitlaneError {
  readonly code = "CONFORMANCE";
  readonly retryable = false;
}

/** @throws {ConformanceError} With `words` when `holds` is false. */
export function check(holds: boolean, words: string): asserts holds {
  if (!holds) throw new ConformanceError(words);
}

/** What `work` fails with. @throws {ConformanceError} When it succeeds, or fails with no error. */
export async function failureOf(what: string, work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    check(error instanceof Error, `${what} threw ${inspect(error)}, which is no Error`);
    return error;
  }
  throw new ConformanceError(`${what} succeeded`);
}

/** Asks `holds` again and again. @throws {ConformanceError} When it does not hold within `limitMs`. */
export async function eventually(words: string, holds: () => boolean, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  while (!holds()) {
    check(performance.now() < until, `${words}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The most that `count` tells while `work` goes on. */
export async function mostDuring(count: () => number, work: Promise<unknown>): Promise<number> {
  let most = 0;
  let isOver = false;
  const end = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, count());
  }
  await end;
  return most;
}

/**
 * Goes to a server of our own on this machine and back, over a new connection each time: what was begun before, to a server that is
 * here too, has arrived by then, however busy the machine is.
 */
export async function roundTrips(times: number): Promise<void> {
  const server = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    for (let i = 0; i < times; i++) {
      await new Promise<void>((resolve, reject) => {
        const request = get({ host: "localhost", port, agent: false }, (reply) => reply.resume().once("end", resolve));
        request.once("error", reject);
      });
    }
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Everything an error or another thing shows when it is printed, its causes and hidden fields too. */
export function shown(thing: unknown): string {
  const texts = [inspect(thing, { depth: 20, showHidden: true, getters: true })];
  if (thing instanceof Error) texts.push(String(thing.stack));
  try {
    texts.push(JSON.stringify(thing) ?? "");
  } catch {
    texts.push(""); // a circle, or a bigint: inspect has shown it
  }
  return texts.join("\n");
}
