import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether this machine has a Prometheus to test against. */
export const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;
export const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** What `promtool check metrics` says of a text: "" when all is well. Its style rules are among it. */
export function promtoolProblems(text: string | Buffer): string {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text });
  const said = `${stdout}${stderr}`.trim();
  return status === 0 ? said : `${said} (exit code ${status})`;
}

export interface PrometheusServer {
  /** The values of an instant query, by the series' labels. */
  query(expression: string): Promise<readonly { readonly labels: Record<string, string>; readonly value: number }[]>;
  stop(): Promise<void>;
}

/** A server of its own for a test, on a free port, that scrapes `targets` once a second. */
export async function startPrometheus(targets: readonly string[], token?: string): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-prometheus-"));
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: [
      {
        job_name: "pitlane",
        static_configs: [{ targets }],
        ...(token === undefined ? {} : { authorization: { credentials: token } }),
      },
    ],
  };
  const configFile = join(folder, "prometheus.yml");
  await writeFile(configFile, JSON.stringify(config)); // YAML takes JSON as it is
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    "prometheus",
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${address}`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const closed = once(server, "close");
  await readyToAnswer(server);
  return {
    query: async (expression) => {
      const reply = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await reply.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    stop: async () => {
      server.kill();
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}

async function readyToAnswer(server: ChildProcess): Promise<void> {
  let log = "";
  for await (const chunk of server.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    log += String(chunk);
    if (log.includes("Server is ready to receive web requests")) return void server.stderr?.resume();
  }
  throw new Error(`prometheus did not start:\n${log}`);
}

/** Prometheus cannot be asked to choose one and tell. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
