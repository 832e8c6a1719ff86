import { asError } from "../as-error.ts";
import { check } from "../checks.ts";

/** What became of one item of a batch: its result, or the error it alone would have thrown. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Outcomes in the order of `work`, however its promises end. Nothing is lost: a rejection becomes its item's error. */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<readonly Outcome<T>[]> {
  const settled = await Promise.allSettled(work);
  return settled.map(
    (one): Outcome<T> =>
      one.status === "fulfilled" ? { ok: true, value: one.value } : { ok: false, error: asError(one.reason) },
  );
}

/** The result of an outcome. @throws Its error. @throws {InvalidInputError} When it is none. */
export function unwrap<T>(outcome: Outcome<T>): T {
  const ok = outcome?.ok; // of null too: callers without types
  if (ok === true) return outcome.value;
  check(ok === false, "outcome", "an outcome of a batch, with ok", outcome);
  check(outcome.error instanceof Error, "outcome.error", "an Error", outcome.error);
  throw outcome.error;
}
