import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether this machine has a redis-server to test against. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

export interface RedisServer {
  /** Path of its socket; it listens on no port. */
  readonly path: string;
  stop(): Promise<void>;
}

/** A server of its own for a test, with nothing in it and nothing kept. */
export async function startRedisServer(): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), "pitlane-redis-"));
  const path = join(dir, "redis.sock");
  const args = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", dir];
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  await readyToAccept(server);
  return {
    path,
    stop: async () => {
      const closed = once(server, "close");
      server.kill();
      await closed;
      await rm(dir, { recursive: true });
    },
  };
}

async function readyToAccept(server: ChildProcess): Promise<void> {
  let log = "";
  for await (const chunk of server.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    log += String(chunk);
    if (/ready to accept/i.test(log)) return void server.stdout?.resume();
  }
  throw new Error(`redis-server did not start:\n${log}`);
}
