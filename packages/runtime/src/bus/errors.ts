import { PitlaneError } from "@pitlane/perf";

/** An event of a kind that nobody has defined. Define it before the first one is published: `bus.register(defineEvent(...))`. */
export class UnknownEventKindError extends PitlaneError {
  readonly code = "UNKNOWN_EVENT_KIND";
  readonly retryable = false;
  readonly kind: string;

  constructor(kind: string, known: readonly string[]) {
    super(`no event of kind "${kind}" is defined; there are ${known.join(", ")}`);
    this.kind = kind;
  }
}

/** A kind of event was defined twice: its lane would depend on who came last. */
export class DuplicateEventKindError extends PitlaneError {
  readonly code = "DUPLICATE_EVENT_KIND";
  readonly retryable = false;
  readonly kind: string;

  constructor(kind: string) {
    super(`events of kind "${kind}" are already defined: name yours after your plugin, such as "my-plugin/${kind}"`);
    this.kind = kind;
  }
}

/** More kinds of events than a session has room for. Give one kind a field that tells its events apart, rather than a kind to each. */
export class TooManyEventKindsError extends PitlaneError {
  readonly code = "TOO_MANY_EVENT_KINDS";
  readonly retryable = false;
  readonly kind: string;

  constructor(kind: string, most: number) {
    super(
      `events of kind "${kind}" cannot be defined: there are ${most} kinds already, which is the most. Tell events of one kind apart by a field`,
    );
    this.kind = kind;
  }
}
