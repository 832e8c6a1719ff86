export type CheckStatus = "ok" | "warning" | "failing";

/** What one look at the host, the project or a venue found. */
export interface Check {
  /** What was looked at, kebab case; stable. */
  readonly name: string;
  readonly status: CheckStatus;
  /** What is there now, for people. */
  readonly found: string;
  /** What to do, a command where there is one, and what it changes; "" when nothing is to be done. */
  readonly remedy: string;
}

export function ok(name: string, found: string): Check {
  return { name, status: "ok", found, remedy: "" };
}

export function warning(name: string, found: string, remedy: string): Check {
  return { name, status: "warning", found, remedy };
}

export function failing(name: string, found: string, remedy: string): Check {
  return { name, status: "failing", found, remedy };
}
