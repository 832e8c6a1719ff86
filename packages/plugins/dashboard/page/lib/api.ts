import type { ActionAnswer, ActionBodies, ActionName, Failure } from "../../src/protocol.ts";

/** The server answered with something else than what was asked for. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** Of HTTP. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the page asks the server. */
export interface Api {
  /**
   * `GET /api/PATH`.
   *
   * @throws {ApiError} For any status that is not 2xx.
   * @throws {TypeError} When there is no connection.
   */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** `POST /api/actions/NAME` after a person has confirmed it. Resolves also when the session refuses; throws only without a connection. */
  act<Name extends ActionName>(name: Name, body: ActionBodies[Name]): Promise<ActionAnswer<Name>>;
}

/** @param send The browser's `fetch`. */
export function createApi(send: typeof fetch): Api {
  return {
    async get<T>(path: string, signal?: AbortSignal) {
      const answer = await send(`/api/${path}`, { signal: signal ?? null, headers: { accept: "application/json" } });
      if (!answer.ok) throw new ApiError(answer.status, await reasonOf(answer));
      return (await answer.json()) as T;
    },
    async act<Name extends ActionName>(name: Name, body: ActionBodies[Name]) {
      const answer = await send(`/api/actions/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ ...body, confirm: true }),
      });
      if (!isJson(answer)) return { ok: false, error: `the server answered ${answer.status}` };
      return (await answer.json()) as ActionAnswer<Name>;
    },
  };
}

async function reasonOf(answer: Response): Promise<string> {
  if (!isJson(answer)) return `the server answered ${answer.status}`;
  return ((await answer.json()) as Failure).error;
}

function isJson(answer: Response): boolean {
  return (answer.headers.get("content-type") ?? "").includes("json");
}

/** A query without what is not set: `?a=1&b=x`, or "". */
export function query(parts: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
