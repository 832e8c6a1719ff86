import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test, vi } from "vitest";
import { AuthError, NetworkError } from "../../src/errors.ts";
import { authenticate } from "../../src/transport/authenticate.ts";
import { deadline } from "../../src/transport/deadline.ts";
import { type Authenticator, compose, HttpCall, type HttpReply } from "../../src/transport/transport.ts";
import { rejectionOf } from "../support/rejection.ts";
import { get, post, replyOf, scripted } from "./support.ts";

const refused = new AuthError("401", { status: 401, venueText: "expired" });
const ok = replyOf(200);
const signedGet = { ...get, isPrivate: true } as const;
const signedPost = { ...post, isPrivate: true } as const;

function setUp(authenticator: Authenticator, ends: readonly (HttpReply | Error)[], closing?: AbortSignal) {
  const clock = new ManualClock();
  const wire = scripted(...ends);
  const send = compose(wire.send, deadline({ clock }), authenticate({ authenticator, clock, closing }));
  return { clock, send, calls: wire.calls };
}

test("a public call passes untouched", async () => {
  const prepare = vi.fn();
  const { send } = setUp({ prepare }, [ok]);
  expect(await send(new HttpCall(get))).toBe(ok);
  expect(prepare).not.toHaveBeenCalled();
});

test("where a key signs, a private call reaches the wire within the same turn", () => {
  const prepare = (call: HttpCall) => {
    call.sentHeaders = { key: "k" };
  };
  const { send, calls } = setUp({ prepare }, [ok]);
  void send(new HttpCall(signedPost));
  expect(calls).toHaveLength(1);
  expect(calls[0]?.sentHeaders).toEqual({ key: "k" });
});

test("where a session must be refreshed first, it waits for that", async () => {
  let refreshed = () => {};
  const prepare = () => new Promise<void>((resolve) => (refreshed = resolve));
  const { send, calls, clock } = setUp({ prepare }, [ok]);
  const sent = send(new HttpCall(signedGet));
  expect(calls).toHaveLength(0);
  refreshed();
  expect(await sent).toBe(ok);
  expect(clock.sleeping).toBe(0);
});

describe("refused credentials", () => {
  test.each([signedGet, signedPost])(
    "are renewed once and the call repeated with new ones: $method",
    async (options) => {
      let token = 0;
      const prepare = (call: HttpCall) => {
        call.sentHeaders = { token: String(token) };
      };
      const recover = vi.fn(async () => {
        token++;
        return true;
      });
      const sent: unknown[] = [];
      const { send, calls } = setUp({ prepare, recover }, [refused, ok]);
      const call = new HttpCall(options);
      const spied = vi.spyOn(calls, "push").mockImplementation((...pushed) => {
        sent.push(pushed[0]?.sentHeaders);
        return Array.prototype.push.apply(calls, pushed);
      });
      expect(await send(call)).toBe(ok);
      expect(spied).toHaveBeenCalledTimes(2);
      expect(sent).toEqual([{ token: "0" }, { token: "1" }]);
      expect(recover).toHaveBeenCalledExactlyOnceWith(call, refused);
    },
  );

  test("a second time end the call, also when it is retried outside", async () => {
    const recover = vi.fn(async () => true);
    const { send, calls } = setUp({ prepare: () => {}, recover }, [refused, refused, refused]);
    const call = new HttpCall(signedGet);
    expect(await rejectionOf(send(call))).toBe(refused);
    expect(await rejectionOf(send(call))).toBe(refused);
    expect(calls).toHaveLength(3);
    expect(recover).toHaveBeenCalledTimes(1);
  });

  test("that cannot be renewed end the call", async () => {
    for (const authenticator of [{ prepare: () => {} }, { prepare: () => {}, recover: async () => false }]) {
      const { send, calls } = setUp(authenticator, [refused]);
      expect(await rejectionOf(send(new HttpCall(signedGet)))).toBe(refused);
      expect(calls).toHaveLength(1);
    }
  });

  test("are the only reason to renew them", async () => {
    const recover = vi.fn(async () => true);
    const reset = new NetworkError("reset", { outcome: "unknown" });
    const { send } = setUp({ prepare: () => {}, recover }, [reset]);
    expect(await rejectionOf(send(new HttpCall(signedGet)))).toBe(reset);
    expect(recover).not.toHaveBeenCalled();
  });
});

test("what prepare throws ends the call with nothing sent", async () => {
  const missing = new InvalidInputError("this call is signed: give the client its `credentials`");
  const prepare = () => {
    throw missing;
  };
  const { send, calls } = setUp({ prepare }, [ok]);
  expect(await rejectionOf(send(new HttpCall(signedGet)))).toBe(missing);
  expect(calls).toHaveLength(0);
});

describe("the wait for credentials ends", () => {
  const never: Authenticator = { prepare: () => new Promise(() => {}) };

  test("at the deadline", async () => {
    const { send, clock, calls } = setUp(never, [ok]);
    const sent = rejectionOf(send(new HttpCall(signedPost)));
    clock.advance({ ms: 10_000 });
    expect(await sent).toMatchObject({ code: "TIMEOUT", outcome: "unsent" });
    expect(calls).toHaveLength(0);
  });

  test("when the caller aborts", async () => {
    const { send, clock } = setUp(never, [ok]);
    const stop = new AbortController();
    const sent = rejectionOf(send(new HttpCall({ ...signedPost, signal: stop.signal })));
    stop.abort(new Error("enough"));
    expect(await sent).toMatchObject({ code: "ABORTED", outcome: "unsent", cause: { message: "enough" } });
    expect(clock.sleeping).toBe(0);
  });

  test("when the client closes, or had closed", async () => {
    const closing = new AbortController();
    const { send } = setUp(never, [ok], closing.signal);
    const sent = rejectionOf(send(new HttpCall(signedPost)));
    closing.abort();
    expect(await sent).toMatchObject({ code: "ABORTED", outcome: "unsent" });
    expect(await rejectionOf(send(new HttpCall(signedPost)))).toMatchObject({ code: "ABORTED", outcome: "unsent" });
  });

  test("with what it failed with", async () => {
    const lost = new Error("the session is lost");
    const { send, clock } = setUp({ prepare: () => Promise.reject(lost) }, [ok]);
    expect(await rejectionOf(send(new HttpCall(signedGet)))).toBe(lost);
    expect(clock.sleeping).toBe(0);
  });
});
