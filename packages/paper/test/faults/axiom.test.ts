import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { DEMO_AXIOM_EMAIL, type PaperOptions } from "../../src/index.ts";
import { setUp } from "./set-up.ts";

/** An exchange with Axiom, a session on it, and a socket to its rooms. */
async function setUpAxiom(options: PaperOptions = {}) {
  const parts = await setUp({ axiom: { market: { pairs: 4 } }, ...options });
  const axiom = parts.paper.axiom!;
  const { cookie } = axiom.venue.openSession();
  const ask = async (path: string, init: RequestInit = {}, region = 0) => {
    const response = await fetch(axiom.regions[region]!.urls.rest + path, { headers: { cookie }, ...init });
    return { status: response.status, text: await response.text() };
  };
  const connect = async (region = 0) => {
    const socket = new WebSocket(axiom.regions[region]!.urls.cluster, { headers: { cookie } });
    const rooms: string[] = [];
    let onFrame = () => {};
    socket.on("message", (data: Buffer) => {
      const { room, method } = JSON.parse(data.toString()) as { room?: string; method?: string };
      rooms.push(room ?? method ?? "");
      onFrame();
    });
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    /** Everything that came before the answer to a ping of ours. */
    const soFar = async () => {
      socket.send('{"method":"ping"}');
      while (rooms.at(-1) !== "pong") {
        await new Promise<void>((resolve) => {
          onFrame = resolve;
        });
      }
      return rooms.filter((room) => room !== "pong");
    };
    return { socket, soFar, closed };
  };
  return { ...parts, axiom, ask, connect };
}

describe("Axiom", () => {
  test("has ports of its own in the same regions, and the faults strike there", async () => {
    const { paper, axiom, ask, rest } = await setUpAxiom({ regions: [{ name: "eu" }, { name: "us" }] });
    expect(axiom.regions.map(({ name }) => name)).toEqual(["eu", "us"]);
    expect(new Set([...paper.regions, ...axiom.regions].map(({ port }) => port)).size).toBe(4);
    paper.faults.add({ kind: "error", status: 502, venue: "axiom", region: "us" });
    expect((await ask("/server-time")).status).toBe(200);
    expect((await ask("/server-time", {}, 1)).status).toBe(502);
    expect((await rest.get("ping")).status).toBe(200);
    expect((await ask("/_paper/axiom/mails")).text).toBe('{"mails":[]}');
  });

  test("tokensExpired makes every access token worthless in the middle of a connection, and ends it", async () => {
    const { paper, ask, connect } = await setUpAxiom();
    const { closed } = await connect();
    expect((await ask("/lighthouse")).status).toBe(200);
    const fault = paper.faults.add({ kind: "tokensExpired" });
    expect(await closed).toBe(1008);
    expect((await ask("/lighthouse")).status).toBe(401);
    expect(fault.state).toBe("over");
  });

  test("turnstile is demanded of logins while it lasts", async () => {
    const { paper, ask } = await setUpAxiom();
    const login = () =>
      ask("/login-password-v2", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: DEMO_AXIOM_EMAIL, b64Password: "x".repeat(44) }),
      });
    const before = await login();
    expect(before.text).not.toContain("Turnstile");
    const fault = paper.faults.add({ kind: "turnstile" });
    expect((await login()).text).toContain("Turnstile token is required");
    fault.remove();
    expect(await login()).toEqual(before);
  });

  test("a room can be silent while the others go on", async () => {
    const { paper, connect, pass } = await setUpAxiom();
    const { socket, soFar } = await connect();
    for (const room of ["connection_monitor", "sol_price"]) socket.send(JSON.stringify({ action: "join", room }));
    await soFar();
    paper.faults.add({ kind: "silent", route: "connection_monitor" });
    await pass(5000);
    const rooms = await soFar();
    expect(rooms).toContain("sol_price");
    expect(rooms).not.toContain("connection_monitor");
  });
});
