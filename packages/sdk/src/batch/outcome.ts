import { asError } from "../as-error.ts";

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

/** The result of an outcome. @throws Its error. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}
