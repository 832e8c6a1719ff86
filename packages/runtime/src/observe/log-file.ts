import { join } from "node:path";
import type { Clock } from "@pitlane/perf";
import type { LogLevel } from "../plugins/define.ts";
import { withoutSecrets } from "./log-redaction.ts";
import { RotatingFile } from "./rotating-file.ts";

const NAME = "log.jsonl";
const MOST_BYTES = 10 * 2 ** 20;
const FILES = 5;

// Under these names pino masks once more, in case a value came by that no redactor knows.
const SECRET_FIELDS = [
  "apiKey",
  "apiSecret",
  "authorization",
  "cookie",
  "listenKey",
  "passphrase",
  "password",
  "privateKey",
  "secret",
  "signature",
  "token",
];
const SECRET_PATHS = ["detail", "detail.*", "detail.*.*"].flatMap((at) => SECRET_FIELDS.map((name) => `${at}.${name}`));

/** What a line tells of. */
export type LogKind = "line" | "fault" | "alert" | "operator" | "trading";

/** One line for the log file. */
export interface LogFileLine {
  /** Microseconds since the epoch; the clock's when left out. */
  readonly atUs?: number;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default `line`. */
  readonly kind?: LogKind;
  /** Which part says it: a plugin's name, `risk`, `alerts`. */
  readonly source: string;
  readonly message: string;
  /** What belongs to it, for programs. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface LogFileOptions {
  /** Of the run. */
  readonly folder: string;
  readonly runId: string;
  readonly clock: Pick<Clock, "nowUs">;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Least level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** Told when the file cannot be written, once until it can again. Must not write here. */
  readonly onFault: (message: string) => void;
  /** Largest size of a file in bytes; 10 MiB. */
  readonly maxBytes?: number;
  /** Most files; 5. */
  readonly files?: number;
}

/** A log file that is open. */
export interface LogFile {
  /** Of the newest file. */
  readonly path: string;
  /** Returns at once; the line is written in the background. */
  write(line: LogFileLine): void;
  /** Resolves when all lines are in the file. */
  close(): Promise<void>;
}

/**
 * Opens `log.jsonl` in a run's folder: what the session says, as lines of JSON by pino, readable by its owner alone.
 *
 *     {"level":"warn","atUs":1795300000000000,"run":"20261121-063031-k3f9","kind":"alert","source":"alerts","msg":"...","detail":{...}}
 *
 * Secrets are taken out twice: by `redact`, from every text, before pino sees the line; and by pino, under the names that secrets have. At most
 * 5 files of 10 MiB are kept: `log.1.jsonl` is the one before. What waits to be written at the process's exit is written then.
 *
 * @throws {Error} When the file cannot be opened.
 * @example
 * const log = await openLogFile({ folder, runId: run.id, clock, redact, onFault: (message) => output.line(message) });
 * log.write({ source: "market-maker", message: "quoting", detail: { spreadTicks: 4 } });
 * await log.close();
 */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const { folder, runId, clock, redact, level = "info", onFault, maxBytes = MOST_BYTES, files = FILES } = options;
  const { pino } = await import("pino"); // some 17 ms, which only a session that keeps a log has to wait for
  const path = join(folder, NAME);
  const file = await RotatingFile.open({ path, maxBytes, files, onFault });
  const finish = () => file.finish();
  process.once("exit", finish);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: "[secret]" },
    },
    { write: (line: string) => file.write(line) },
  );
  let toldLost = 0;
  const write = ({
    atUs = clock.nowUs(),
    level: own = "info",
    kind = "line",
    source,
    message,
    detail,
  }: LogFileLine) => {
    if (!logger.isLevelEnabled(own)) return;
    const fields = { atUs, run: runId, kind, source: redact(source) };
    const more = detail === undefined ? {} : { detail: withoutSecrets(detail, redact) };
    logger[own]({ ...fields, ...more, msg: redact(message) });
  };
  return {
    path,
    write(line) {
      const lost = file.lost - toldLost;
      toldLost += lost;
      if (lost > 0) write({ level: "error", kind: "fault", source: "log", message: `${lost} lines were lost` });
      write(line);
    },
    async close() {
      process.removeListener("exit", finish);
      await file.close();
    },
  };
}
