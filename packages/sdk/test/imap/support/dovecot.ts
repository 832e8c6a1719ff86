import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapFlow } from "imapflow";

/** Whether the IMAP server is installed. */
export const hasDovecot: boolean = (() => {
  try {
    return execFileSync("dovecot", ["--version"], { encoding: "utf8" }).startsWith("2.3");
  } catch {
    return false;
  }
})();

/** Ends a test's name with the reason it is skipped for, when it is. */
export function needingDovecot(name: string): string {
  return hasDovecot ? name : `${name} (skipped: no dovecot 2.3 in PATH; apt-get install dovecot-imapd)`;
}

export interface Dovecot {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** A client of the mailbox, as a person's mail program is one. */
  open(): Promise<ImapFlow>;
  /** Puts a mail into the INBOX, as arrived at `arrived`. */
  deliver(mail: string, arrived?: Date): Promise<void>;
  /** Ends every connection; the server goes on. */
  kick(): void;
  /** Logins so far. */
  logins(): number;
  stop(): Promise<void>;
}

const NOBODY = 65_534; // mail is never read as root
const user = "me@example.org";

/** A real IMAP server without TLS on a free port of loopback, its mail in a folder that goes with it. Without IDLE where told. */
export async function startDovecot(password: string, { idle = true } = {}): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-imap-"));
  const ownUid = process.getuid?.() ?? NOBODY;
  const mailUid = ownUid === 0 ? NOBODY : ownUid;
  const mail = join(folder, "mail");
  mkdirSync(mail, { mode: 0o700 });
  if (ownUid === 0) {
    chownSync(mail, NOBODY, NOBODY);
    execFileSync("chmod", ["755", folder]);
  }
  const port = await freePort();
  writeFileSync(join(folder, "passwd"), `${user}:{PLAIN}${password}\n`);
  const me = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
  // As root it drops to its own users by itself; without root everything runs as whoever runs the tests.
  const unprivileged = `
default_internal_user = ${me}
default_login_user = ${me}
default_internal_group = ${execFileSync("id", ["-gn"], { encoding: "utf8" }).trim()}
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service stats {
  chroot =
}`;
  writeFileSync(
    join(folder, "dovecot.conf"),
    `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:${mail}/%u
${idle ? "" : "imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS"}
passdb {
  driver = passwd-file
  args = ${folder}/passwd
}
userdb {
  driver = static
  args = uid=${mailUid} gid=${mailUid} home=${mail}/%u
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
${ownUid === 0 ? "" : unprivileged}
`,
  );
  const server = spawn("dovecot", ["-F", "-c", join(folder, "dovecot.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (data: Buffer) => {
    said += data;
  });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const stop = async () => {
    server.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await reachable(port, server, () => said);
  } catch (error) {
    await stop();
    throw error;
  }

  async function open(): Promise<ImapFlow> {
    const client = new ImapFlow({
      host: "127.0.0.1",
      port,
      secure: false,
      auth: { user, pass: password },
      logger: false,
      disableAutoIdle: true,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  return {
    port,
    user,
    password,
    open,
    async deliver(text, arrived = new Date()) {
      const client = await open();
      await client.append("INBOX", text.replace(/\r?\n/g, "\r\n"), [], arrived);
      await client.logout();
    },
    kick() {
      execFileSync("doveadm", ["-c", join(folder, "dovecot.conf"), "kick", user], { stdio: "ignore" });
    },
    logins() {
      return readFileSync(join(folder, "log"), "utf8").split("imap-login: Info: Login:").length - 1;
    },
    stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when the server greets. */
async function reachable(
  port: number,
  server: { readonly exitCode: number | null },
  said: () => string,
): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`dovecot ended at once: ${said()}`);
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("data", () => {
        resolve(true);
        socket.destroy();
      });
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
    });
    if (greeted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
