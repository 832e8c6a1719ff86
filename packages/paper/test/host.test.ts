import { InvalidInputError } from "@pitlane/perf";
import { expect, test } from "vitest";
import { listenError } from "../src/host.ts";
import { CannotListenError, createPaper, PortInUseError } from "../src/index.ts";
import { listening } from "./odd-values.ts";

test.each([
  "",
  " ",
  "localhost ",
  "http://127.0.0.1",
  "127.0.0.1:80",
  "[::1]",
  "fe80::1%eth0",
  "256.1.1.1",
  "1.2.3",
  "0",
  "0x7f000001",
  "-a.example",
  "a..b",
  "a_b@c",
  "z".repeat(64),
  `${"z.".repeat(127)}z`,
])("%j is no host: refused before anything listens", async (host) => {
  const before = listening();
  const refused = createPaper({ market: false, host });
  await expect(refused).rejects.toThrow(InvalidInputError);
  await expect(refused).rejects.toThrow("host must be a host name or an IP address of this machine");
  expect(listening()).toBe(before);
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["localhost", "localhost"],
  ["0.0.0.0", "0.0.0.0"],
])("listens on %s", async (host, inUrl) => {
  const paper = await createPaper({ market: false, host });
  expect(paper.urls.rest).toBe(`http://${inUrl}:${paper.port}`);
  expect((await fetch(`${paper.urls.rest}/api/v3/ping`)).status).toBe(200);
  await paper.close();
});

test("a name without an address, and an address of another machine, are told with host and port", async () => {
  const before = listening();
  const unknown = createPaper({ market: false, host: "nowhere.invalid", port: 4567 });
  await expect(unknown).rejects.toThrow(CannotListenError);
  await expect(unknown).rejects.toThrow(
    /cannot listen on port 4567 of host "nowhere\.invalid" \(E[A-Z_]+\): the name has/,
  );
  const foreign = createPaper({ market: false, host: "203.0.113.5" });
  await expect(foreign).rejects.toThrow(CannotListenError);
  await expect(foreign).rejects.toThrow(/port 0 of host "203\.0\.113\.5" \(EADDRNOTAVAIL\): it is no address of this/);
  expect(listening()).toBe(before);
});

test.each([
  ["EADDRINUSE", "listen", "port 80 of ::1 is in use: choose another port, or 0 for a free one"],
  ["EAI_AGAIN", "getaddrinfo", 'cannot listen on port 80 of host "::1" (EAI_AGAIN): the name has no address'],
  ["EACCES", "listen", 'cannot listen on port 80 of host "::1" (EACCES): that needs rights'],
  ["EMFILE", "listen", 'cannot listen on port 80 of host "::1" (EMFILE): choose another host or port'],
])("%s is told in words, with its cause", (code, syscall, text) => {
  const cause = Object.assign(new Error("raw"), { code, syscall });
  const error = listenError("::1", 80, cause);
  expect(error.message).toContain(text);
  expect(error.cause).toBe(cause);
  expect(error instanceof PortInUseError).toBe(code === "EADDRINUSE");
  expect(error.code).toBe(code === "EADDRINUSE" ? "PORT_IN_USE" : "CANNOT_LISTEN");
});
