import childProcess from "node:child_process";
import dgram from "node:dgram";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import workers from "node:worker_threads";
import { PermissionError } from "./errors.ts";

/**
 * Refuses this thread sockets, servers, child processes and further threads: everything of Node's that reaches the network goes through
 * what is replaced here. For a plugin without permission for the network; whoever means harm finds a way round.
 */
export function forbidNetwork(plugin: string): void {
  const refuse = () => {
    throw new PermissionError(`${plugin} has no permission for the network: give it in its permissions`);
  };
  net.Socket.prototype.connect = refuse as never;
  net.Server.prototype.listen = refuse as never;
  dgram.Socket.prototype.bind = refuse as never;
  dgram.Socket.prototype.connect = refuse as never;
  dgram.Socket.prototype.send = refuse as never;
  for (const name of ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"] as const)
    childProcess[name] = refuse as never;
  class RefusedWorker {
    constructor() {
      refuse();
    }
  }
  workers.Worker = RefusedWorker as never;
  syncBuiltinESMExports();
}
