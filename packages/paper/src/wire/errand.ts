import type { Treatment } from "../faults/conditions.ts";
import type { Timeline } from "../timeline.ts";
import type { Errand } from "./protocol.ts";

/** What the faults of a request are done with. */
export interface Means {
  readonly timeline: Timeline;
  /** Ends the connection the request came by. */
  readonly destroy: () => void;
  /** Bans the client's address. */
  readonly ban: (forMs: number) => void;
  /** Counts so much request weight of the client's address as used, at least. */
  readonly useWeight: (weight: number) => void;
}

/** Performs one request as `treatment` says. Once it has come this far it is performed even when its sender has left. */
export function performErrand<A>(errand: Errand<A>, treatment: Treatment, means: Means): void {
  const { requestDelayMs } = treatment;
  if (requestDelayMs > 0) means.timeline.after(requestDelayMs, () => performNow(errand, treatment, means));
  else performNow(errand, treatment, means);
}

function performNow<A>(errand: Errand<A>, treatment: Treatment, means: Means): void {
  const { end, refusal, acted, banMs, answerDelayMs, usedWeight } = treatment;
  if (usedWeight > 0) means.useWeight(usedWeight);
  const send = (answer: A) => {
    if (answerDelayMs > 0) means.timeline.after(answerDelayMs, () => errand.send(answer));
    else errand.send(answer);
  };
  switch (end) {
    case "answered":
      errand.act(send);
      return;
    case "refused":
      if (acted) errand.act(() => {});
      if (banMs > 0) means.ban(banMs);
      send(errand.refuse(refusal!));
      return;
    case "unanswered":
      errand.act(() => {});
      return;
    case "lost":
      errand.act(means.destroy);
      return;
    case "reset":
      means.destroy();
      return;
    case "ignored":
      return;
  }
}
