import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  /** What was given for AUTH PLAIN, decoded; undefined without. */
  readonly auth: string | undefined;
}

/**
 * A mail server of RFC 5321's least, for one client at a time: EHLO, AUTH PLAIN, MAIL, RCPT, DATA, QUIT. It has no TLS, and says so.
 *
 * @param refuse A reply in place of the usual one to a command, such as `451 later`; undefined for the usual one.
 */
export async function receiveMail(refuse: (command: string) => string | undefined = () => undefined) {
  const mails: Mail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy()); // the client is gone
    const say = (line: string) => socket.write(`${line}\r\n`);
    let mail = { from: "", to: [] as string[], auth: undefined as string | undefined };
    let data: string | undefined;
    let buffered = "";
    const take = (line: string) => {
      if (data !== undefined) {
        if (line !== ".") {
          data += `${line.replace(/^\.\./, ".")}\n`;
          return;
        }
        mails.push({ ...mail, data });
        data = undefined;
        say("250 taken");
        return;
      }
      commands.push(line);
      const refusal = refuse(line);
      if (refusal !== undefined) return void say(refusal);
      const [verb = "", argument = ""] = line.split(/ (.*)/s);
      switch (verb.toUpperCase()) {
        case "EHLO":
          say("250-test");
          return void say("250 AUTH PLAIN");
        case "AUTH":
          mail.auth = Buffer.from(argument.replace(/^PLAIN /, ""), "base64").toString();
          return void say("235 welcome");
        case "MAIL":
          mail = { ...mail, from: argument, to: [] };
          return void say("250 ok");
        case "RCPT":
          mail.to.push(argument);
          return void say("250 ok");
        case "DATA":
          data = "";
          return void say("354 go on");
        case "QUIT":
          say("221 bye");
          return void socket.end();
        default:
          say("502 what?");
      }
    };
    socket.on("data", (bytes: Buffer) => {
      buffered += bytes.toString();
      const lines = buffered.split("\r\n");
      buffered = lines.pop() ?? "";
      for (const line of lines) take(line);
    });
    say("220 test");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    commands,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
