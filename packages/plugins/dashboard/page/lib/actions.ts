import type {
  ActionAnswer,
  ActionBodies,
  ActionName,
  Alert,
  ProfileInfo,
  UpdateTestResult,
} from "../../src/protocol.ts";
import type { Api } from "./api.ts";
import { count } from "./format.ts";
import type { Field, Question, Ui } from "./ui.ts";

/** What a person may do to the session. Each asks once, does it, and says what came of it. */
export interface Actions {
  halt(): Promise<void>;
  reduceOnly(): Promise<void>;
  resume(): Promise<void>;
  flatten(): Promise<void>;
  pause(plugin: string): Promise<void>;
  resumePlugin(plugin: string): Promise<void>;
  acknowledge(alert: Alert): Promise<void>;
  /** The profile's name; undefined when there is none. */
  profile(kind: ProfileInfo["kind"]): Promise<string | undefined>;
  /** The test's result; undefined when it was not run. */
  updateTest(updates: number): Promise<UpdateTestResult | undefined>;
}

const REASON = { name: "reason", label: "Reason (kept in the journal)", value: "operator's decision" } as const;

const PROFILES: Readonly<Record<ProfileInfo["kind"], { readonly title: string; readonly text: string }>> = {
  cpu: {
    title: "Take a CPU profile",
    text: "The session is sampled every millisecond meanwhile, which costs it a few percent of its speed.",
  },
  allocations: {
    title: "Take an allocation profile",
    text: "One in about 32 KiB of what the session allocates is noted with its stack, which costs it little. What is still alive at the end is shown.",
  },
  heap: {
    title: "Take a heap snapshot",
    text: "The session stands still while it is written, for a second or several, and needs much memory: not while it trades for real. The file holds every text in memory, secrets included.",
  },
};

const PROFILE_TIME: Field = {
  name: "seconds",
  label: "For how long",
  value: "5",
  options: [
    ["2", "2 s"],
    ["5", "5 s"],
    ["10", "10 s"],
    ["30", "30 s"],
  ],
};

export function createActions(api: Api, ui: Ui): Actions {
  /** Undefined when the answer was no, or it failed: that has been said then. */
  const run = async <Name extends ActionName>(
    name: Name,
    question: Pick<Question, "title" | "text" | "act"> & Partial<Question>,
    body: (fields: Readonly<Record<string, string>>) => ActionBodies[Name],
    done: string,
  ) => {
    const fields = await ui.ask({ fields: [], isGrave: false, ...question });
    if (fields === undefined) return undefined;
    const close = ui.say("busy", `${question.title} …`);
    try {
      const answer: ActionAnswer<Name> = await api.act(name, body(fields));
      if (!answer.ok) ui.say("failed", `${question.title}: ${answer.error}`);
      else if (done !== "") ui.say("done", done);
      return answer.ok ? answer : undefined;
    } catch (error) {
      // Without an answer nobody here knows whether it was done.
      ui.say(
        "failed",
        `${question.title}: no answer from the session (${(error as Error).message}). It may have been done.`,
      );
      return undefined;
    } finally {
      close();
    }
  };
  const reason = (fields: Readonly<Record<string, string>>) => ({ reason: fields["reason"] ?? "" });

  return {
    async halt() {
      await run(
        "halt",
        {
          title: "Halt trading",
          text: "No order passes any more and all open orders are cancelled. Positions stay as they are.",
          fields: [REASON],
          act: "Halt",
          isGrave: true,
        },
        reason,
        "Trading is halted.",
      );
    },
    async reduceOnly() {
      await run(
        "reduceOnly",
        {
          title: "Reduce only",
          text: "Only orders that make a position smaller pass from now on.",
          fields: [REASON],
          act: "Reduce only",
        },
        reason,
        "Only orders that reduce positions pass now.",
      );
    },
    async resume() {
      await run(
        "resume",
        { title: "Resume trading", text: "Strategies may place orders again.", fields: [REASON], act: "Resume" },
        reason,
        "Trading is active again.",
      );
    },
    async flatten() {
      const answer = await run(
        "flatten",
        {
          title: "Flatten positions",
          text: "Trading is halted, all open orders are cancelled and every position is closed at the market, at whatever price that gives.",
          fields: [REASON],
          act: "Flatten everything",
          isGrave: true,
        },
        reason,
        "",
      );
      if (answer === undefined) return;
      if (answer.isFlat) ui.say("done", "Every position is closed.");
      else ui.say("failed", "Flatten positions: some positions are left. The log says why.");
    },
    async pause(plugin) {
      await run(
        "pause",
        {
          title: `Pause ${plugin}`,
          text: "It hears nothing more and may place no order until it is resumed; its open orders are cancelled.",
          act: "Pause",
          isGrave: true,
        },
        () => ({ plugin }),
        `${plugin} is paused.`,
      );
    },
    async resumePlugin(plugin) {
      await run(
        "resumePlugin",
        { title: `Resume ${plugin}`, text: "It hears events and may place orders again.", act: "Resume" },
        () => ({ plugin }),
        `${plugin} runs again.`,
      );
    },
    async acknowledge(alert) {
      await run(
        "acknowledge",
        {
          title: "Acknowledge alert",
          text: `${alert.title}${alert.subject === "" ? "" : ` (${alert.subject})`}: you have seen it, and it is not repeated until it is raised anew.`,
          act: "Acknowledge",
        },
        () => ({ id: alert.id }),
        "The alert is acknowledged.",
      );
    },
    async profile(kind) {
      const { title, text } = PROFILES[kind];
      const isHeap = kind === "heap";
      const answer = await run(
        "profile",
        {
          title,
          text,
          fields: isHeap ? [] : [PROFILE_TIME],
          act: isHeap ? "Stop it and take one" : "Start profiling",
          isGrave: isHeap,
        },
        // A snapshot is of one moment; the least time there is stands for none.
        (fields) => ({ kind, durationMs: isHeap ? 100 : Number(fields["seconds"]) * 1000 }),
        "The profile is written.",
      );
      return answer?.name;
    },
    async updateTest(updates) {
      const answer = await run(
        "updateTest",
        {
          title: "Run the performance test",
          text: `${count(updates)} price updates go through an engine of their own in this process; trading goes on, a little slower meanwhile.`,
          act: "Run the test",
        },
        () => ({}),
        "",
      );
      return answer?.result;
    },
  };
}
