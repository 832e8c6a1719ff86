import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type {
  JournalPage,
  MomentInfo,
  OrderStoryInfo,
  ProfileHeap,
  ProfileInfo,
  ProfileTree,
  RunInfo,
  RunPoints,
} from "../protocol.ts";
import { isProfileName, listProfiles, viewOf } from "../reading/profiles.ts";
import { findRun } from "../reading/runs.ts";
import { HttpError, SECURITY_HEADERS } from "../reply.ts";
import { type Ask, type Desk, type Route, textOf, wholeOf } from "./route.ts";

/** What lies in files: the journal, profiles, runs. Read by the reader's thread, but for names and downloads. */
export const fileRoutes: readonly Route[] = [
  { method: "GET", pattern: /^journal$/, traffic: "heavy", answer: journal },
  { method: "GET", pattern: /^orders\/([^/]+)\/story$/, traffic: "heavy", answer: story },
  {
    method: "GET",
    pattern: /^profiles$/,
    traffic: "api",
    answer: (_, { session }): ProfileInfo[] => listProfiles(session.folder),
  },
  { method: "GET", pattern: /^profiles\/([^/]+)\/tree$/, traffic: "heavy", answer: tree },
  { method: "GET", pattern: /^profiles\/([^/]+)\/heap$/, traffic: "heavy", answer: heap },
  { method: "GET", pattern: /^profiles\/([^/]+)$/, traffic: "heavy", answer: download },
  { method: "GET", pattern: /^runs$/, traffic: "heavy", answer: runs },
  { method: "GET", pattern: /^runs\/([^/]+)\/samples$/, traffic: "heavy", answer: samples },
  { method: "GET", pattern: /^runs\/([^/]+)\/moment$/, traffic: "heavy", answer: moment },
];

function journal({ query }: Ask, { session, reader }: Desk): Promise<JournalPage> {
  return reader.read("page", {
    path: session.journalPath,
    before: wholeOf(query, "before", 1, Number.MAX_SAFE_INTEGER),
    limit: wholeOf(query, "limit", 1, 500) ?? 100,
    kind: textOf(query, "kind", 50),
    text: textOf(query, "text", 200),
  });
}

async function story({ parts: [clientOrderId = ""] }: Ask, { session, reader }: Desk): Promise<OrderStoryInfo> {
  if (!/^[\w.:/-]{1,64}$/.test(clientOrderId)) throw new HttpError(400, "that is no client order id");
  const told = await reader.read("story", { path: session.journalPath, clientOrderId });
  if (told === undefined) throw new HttpError(404, `the journal names no order ${clientOrderId}, or does not yet`);
  return told;
}

async function tree(ask: Ask, { session, reader }: Desk): Promise<ProfileTree> {
  const path = await profilePath(ask, session.folder);
  if (viewOf(path) !== "tree") throw new HttpError(400, "a heap snapshot has no flame graph: ask for its heap");
  return reader.read("tree", { path });
}

async function heap(ask: Ask, { session, reader }: Desk): Promise<ProfileHeap> {
  const path = await profilePath(ask, session.folder);
  if (viewOf(path) !== "heap") throw new HttpError(400, "only a heap snapshot has a heap: ask for its tree");
  return reader.read("heap", { path });
}

async function download(ask: Ask, { session }: Desk): Promise<void> {
  const path = await profilePath(ask, session.folder);
  const { size } = await stat(path);
  ask.response.writeHead(200, {
    ...SECURITY_HEADERS,
    "content-type": "application/octet-stream",
    "content-length": size,
    "content-disposition": `attachment; filename="${ask.parts[0]}"`,
  });
  if (ask.request.method === "HEAD") return void ask.response.end();
  await pipeline(createReadStream(path, { end: size - 1 }), ask.response).catch(() => ask.response.destroy()); // the client has gone
}

async function profilePath({ parts: [name = ""] }: Ask, folder: string): Promise<string> {
  const path = join(folder, name);
  const stats = isProfileName(name) ? await stat(path).catch(() => undefined) : undefined;
  if (stats?.isFile() !== true || stats.size === 0) throw new HttpError(404, "this run has no such profile");
  return path;
}

function runs(_: Ask, { session, reader }: Desk): Promise<RunInfo[]> {
  return reader.read("runs", { current: session.folder, journalPath: session.journalPath });
}

async function samples({ parts: [id = ""] }: Ask, { session, reader }: Desk): Promise<RunPoints> {
  const path = join(runFolder(session.folder, id), "samples.jsonl");
  if ((await stat(path).catch(() => undefined)) === undefined) return [];
  return reader.read("samples", { path });
}

async function moment({ parts: [id = ""], query }: Ask, { session, runtime, signal }: Desk): Promise<MomentInfo> {
  if (runtime.momentOf === undefined) throw new HttpError(501, "moments of a run cannot be looked at here");
  const atUs = wholeOf(query, "atUs", 0, Number.MAX_SAFE_INTEGER);
  if (atUs === undefined) throw new HttpError(400, "atUs is missing: microseconds since the epoch");
  const folder = runFolder(session.folder, id);
  const path = folder === session.folder ? session.journalPath : join(folder, "journal.db");
  try {
    return await runtime.momentOf(path, atUs, signal);
  } catch (error) {
    throw new HttpError(422, (error as Error).message);
  }
}

function runFolder(current: string, id: string): string {
  const folder = findRun(current, id);
  if (folder === undefined) throw new HttpError(404, "there is no such run");
  return folder;
}
