import { basename } from "node:path";
import { PitlaneError } from "@pitlane/perf";
import * as v from "valibot";
import { readJson } from "../body.ts";
import type { ActionName, ActionResults } from "../protocol.ts";
import { HttpError } from "../reply.ts";
import type { Ask, Desk, Route } from "./route.ts";

/** Who acts, in the journal. */
const BY = "dashboard";

const confirmed = { confirm: v.literal(true, "must be true: actions are asked for once more") };
const reason = v.pipe(v.string(), v.trim(), v.minLength(1, "must be given"), v.maxLength(200));
const plugin = v.pipe(v.string(), v.nonEmpty(), v.maxLength(100));

const withReason = v.strictObject({ ...confirmed, reason });
const withPlugin = v.strictObject({ ...confirmed, plugin });

/** What each action takes. */
const BODIES = {
  halt: withReason,
  resume: withReason,
  reduceOnly: withReason,
  flatten: withReason,
  pause: withPlugin,
  resumePlugin: withPlugin,
  profile: v.strictObject({
    ...confirmed,
    kind: v.picklist(["cpu", "heap", "allocations"]),
    durationMs: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(60_000)),
  }),
  acknowledge: v.strictObject({ ...confirmed, id: v.pipe(v.string(), v.nonEmpty(), v.maxLength(300)) }),
  updateTest: v.strictObject(confirmed),
} satisfies Record<ActionName, unknown>;

type Body<Name extends ActionName> = v.InferOutput<(typeof BODIES)[Name]>;

const ACTIONS: {
  readonly [Name in ActionName]: (body: Body<Name>, desk: Desk) => ActionResults[Name] | Promise<ActionResults[Name]>;
} = {
  halt: (body, desk) => setTrading("halted", body.reason, desk),
  resume: (body, desk) => setTrading("active", body.reason, desk),
  reduceOnly: (body, desk) => setTrading("reduceOnly", body.reason, desk),
  flatten: async (body, { session }) => ({ isFlat: await session.actions.flatten(body.reason, BY) }),
  pause(body, { session }) {
    session.actions.pause(body.plugin, BY);
    return {};
  },
  resumePlugin(body, { session }) {
    session.actions.resume(body.plugin, BY);
    return {};
  },
  profile: async ({ kind, durationMs }, { session, signal }) => ({
    name: basename(await session.actions.profile(kind, durationMs, BY, signal)),
  }),
  acknowledge({ id }, { session }) {
    if (!session.alerts.acknowledge(id, BY)) throw new HttpError(409, "the alert is not raised any more");
    return {};
  },
  async updateTest(_, { session, runtime, signal }) {
    if (runtime.updateTest === undefined) throw new HttpError(501, "this session cannot run the performance test");
    session.actions.note("updateTest", {}, BY);
    const result = await runtime.updateTest(signal);
    session.actions.note("updateTest.end", { ...result }, BY);
    return { result };
  },
};

function setTrading(state: "active" | "reduceOnly" | "halted", why: string, { session }: Desk): ActionResults["halt"] {
  session.actions.setTradingState(state, why, BY);
  return { trading: session.trading };
}

/** What an operator may do; the session journals each. */
export const actionRoutes: readonly Route[] = (Object.keys(ACTIONS) as ActionName[]).map((name) => ({
  method: "POST",
  pattern: new RegExp(`^actions/${name}$`),
  traffic: "action",
  answer: (ask, desk) => act(name, ask, desk),
}));

async function act<Name extends ActionName>(name: Name, { request }: Ask, desk: Desk): Promise<unknown> {
  const parsed = v.safeParse(BODIES[name], await readJson(request));
  if (!parsed.success) throw new HttpError(400, describeIssue(parsed.issues[0]));
  try {
    return { ok: true, ...(await ACTIONS[name](parsed.output as Body<Name>, desk)) };
  } catch (error) {
    if (error instanceof PitlaneError) throw new HttpError(409, error.message); // the session says no, and why
    throw error;
  }
}

function describeIssue({ message, path }: v.BaseIssue<unknown>): string {
  const place = path?.map(({ key }) => String(key)).join(".");
  return place === undefined ? message : `${place}: ${message}`;
}
