import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InvalidInputError, RequestError } from "../../src/errors.ts";
import {
  SessionCorruptError,
  SessionFileAccessError,
  SessionFileExposedError,
  WrongPassphraseError,
} from "../../src/session/errors.ts";
import { createFileStore } from "../../src/session/file-store.ts";
import { deriveKeys, newSalt, readHeader, seal, unseal } from "../../src/session/sealed.ts";
import { memoryStore } from "../../src/session/store.ts";
import { rejectionOf } from "../support/rejection.ts";
import { bundle } from "./support.ts";

interface Session {
  readonly accessToken: string;
  readonly n?: number;
}

const passphrase = "correct horse battery staple";
const session: Session = { accessToken: "PLANTED-TOKEN" };
const hasModes = process.platform !== "win32" && process.getuid?.() !== undefined;
const LIGHT = 10; // scrypt's cost in tests of anything but the cost

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pitlane-session-"));
  path = join(folder, "deep", "session");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (options: { passphrase?: string; scryptLogN?: number } = {}) =>
  createFileStore<Session>({ path, passphrase, scryptLogN: LIGHT, ...options });

describe("every store", () => {
  test.each([
    ["memoryStore", () => memoryStore<Session>()],
    ["createFileStore", () => open()],
  ])("%s gives back the last save, as a copy, and nothing after clear", async (_, create) => {
    const store = create();
    expect(await store.load()).toBeUndefined();
    await store.clear(); // of nothing
    const mine = { accessToken: "a", nested: { n: 1 } };
    await store.save(mine);
    mine.nested.n = 2;
    expect(await store.load()).toEqual({ accessToken: "a", nested: { n: 1 } });
    await store.save(session);
    expect(await store.load()).toEqual(session);
    const aborted = AbortSignal.abort(new Error("no"));
    expect((await rejectionOf(store.load(aborted))).message).toBe("no");
    await store.clear();
    expect(await store.load()).toBeUndefined();
  });
});

test("a session that JSON cannot hold is refused, and neither shown nor saved", async () => {
  const circle: { accessToken: string; self?: unknown } = { accessToken: "PLANTED-TOKEN" };
  circle.self = circle;
  for (const store of [open(), memoryStore<Session>()]) {
    for (const bad of [undefined, () => {}, Symbol("PLANTED"), circle, { accessToken: 5n }]) {
      const error = await rejectionOf(store.save(bad as never));
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error.message).toBe("session must be what JSON can hold");
      expect(inspect(error)).not.toMatch(/PLANTED|self/);
    }
    expect(await store.load()).toBeUndefined();
  }
});

describe("a session file", () => {
  test("outlives its store, with the cost of guessing that is the default", async () => {
    await createFileStore<Session>({ path, passphrase }).save(session);
    expect(readHeader(await readFile(path)).cost).toEqual({ logN: 17, r: 8, p: 1 });
    expect(await createFileStore<Session>({ path, passphrase }).load()).toEqual(session);
  });

  test("shows nothing of what is in it", async () => {
    await open().save(session);
    const bytes = await readFile(path);
    for (const secret of [session.accessToken, passphrase, "accessToken"]) {
      for (const form of [secret, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")]) {
        expect(bytes.includes(form)).toBe(false);
      }
    }
  });

  test("is sealed anew by each save, under a nonce of its own, with the salt and cost it began with", async () => {
    await open().save(session);
    const first = await readFile(path);
    const store = open({ scryptLogN: 11 });
    await store.load();
    await store.save(session);
    const second = await readFile(path);
    expect(readHeader(second)).toEqual(readHeader(first));
    expect(second.subarray(28, 40).equals(first.subarray(28, 40))).toBe(false);
    expect(second.subarray(60).equals(first.subarray(60))).toBe(false);
  });

  test("takes a passphrase in either form of its accents", async () => {
    await open({ passphrase: "p\u00e4ssw\u00f6rter" }).save(session);
    expect(await open({ passphrase: "pa\u0308sswo\u0308rter" }).load()).toEqual(session);
  });

  test.skipIf(!hasModes)("has mode 0600 in a folder of mode 0700, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await open().save(session);
    } finally {
      process.umask(umask);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "deep"))).mode & 0o777).toBe(0o700);
  });

  test("saves of one store take effect in order, and none leaves a draft behind", async () => {
    const store = open();
    await Promise.all(Array.from({ length: 30 }, (_, n) => store.save({ ...session, n })));
    expect(await open().load()).toEqual({ ...session, n: 29 });
    const cleared = [store.save(session), store.clear(), store.save({ ...session, n: 7 })];
    expect(await store.load()).toEqual({ ...session, n: 7 }); // waits for its turn
    await Promise.all(cleared);
    expect(await readdir(join(folder, "deep"))).toEqual(["session"]);
  });

  test("a save that failed does not hold up the next one", async () => {
    const store = open();
    await mkdir(path, { recursive: true }); // a folder in its place
    expect(await rejectionOf(store.save(session))).toBeInstanceOf(SessionFileAccessError);
    await rm(path, { recursive: true });
    await store.save(session);
    expect(await store.load()).toEqual(session);
    expect(await readdir(join(folder, "deep"))).toEqual(["session"]);
  });
});

describe("a file that cannot be used", () => {
  beforeEach(() => open().save(session));

  async function refusal(store = open()): Promise<Error> {
    const error = await rejectionOf(store.load());
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ outcome: "unsent", retryable: false });
    expect(error.message).toContain(path);
    const shown = inspect(error, { showHidden: true, depth: null });
    for (const secret of [session.accessToken, passphrase, "wrong passphrase!"]) expect(shown).not.toContain(secret);
    return error;
  }

  test("for its passphrase says so", async () => {
    const error = await refusal(open({ passphrase: "wrong passphrase!" }));
    expect(error).toBeInstanceOf(WrongPassphraseError);
    expect(error).toMatchObject({ code: "WRONG_PASSPHRASE" });
  });

  test("for its passphrase is not sealed with that one by a later save", async () => {
    const store = open({ passphrase: "wrong passphrase!" });
    await rejectionOf(store.load());
    await store.save({ accessToken: "other" }); // as asked: a whole new file
    expect(await open({ passphrase: "wrong passphrase!" }).load()).toEqual({ accessToken: "other" });
  });

  test.skipIf(!hasModes)("because others may touch it says how to mend that", async () => {
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o777]) {
      await chmod(path, mode);
      const error = await refusal();
      expect(error).toBeInstanceOf(SessionFileExposedError);
      expect(error.message).toContain(`mode 0${mode.toString(8)}`);
      expect(error.message).toContain("chmod 600");
    }
    await chmod(path, 0o600);
    expect(await open().load()).toEqual(session);
  });

  test("cut short at any length is called corrupt", async () => {
    const { length } = await readFile(path);
    for (let size = length - 1; size >= 0; size -= 7) {
      await truncate(path, size);
      expect(await refusal()).toBeInstanceOf(SessionCorruptError);
    }
  });

  test("with any byte changed is called corrupt, and with some added", async () => {
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      await writeFile(path, changed);
      expect([at, (await refusal()).constructor.name]).toEqual([at, "SessionCorruptError"]);
    }
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(await refusal()).toBeInstanceOf(SessionCorruptError);
  });

  test.each([
    [
      "something else",
      Buffer.from('{"accessToken":"plain text of another program, long enough to be a session file"}'),
    ],
    ["empty", Buffer.alloc(0)],
    ["huge", Buffer.alloc(1_048_577)],
  ])("because it is %s is called corrupt", async (_, bytes) => {
    await writeFile(path, bytes);
    expect(await refusal()).toBeInstanceOf(SessionCorruptError);
  });

  test("that is a folder is told so, whatever its mode", async () => {
    await rm(path);
    for (const mode of [0o700, 0o755]) {
      await mkdir(path, { mode });
      const error = await refusal();
      expect(error).toBeInstanceOf(SessionFileAccessError);
      expect(error.message).toBe(`the session file ${path} is a folder: \`path\` must name a file`);
      await rm(path, { recursive: true });
    }
  });

  test("that is neither a file nor a folder is told so", { skip: !hasModes }, async () => {
    const error = await rejectionOf(createFileStore<Session>({ path: "/dev/null", passphrase }).load());
    expect(error.message).toBe("the session file /dev/null is no regular file: `path` must name a file");
  });

  test("that cannot be removed says so", async () => {
    await rm(path);
    await mkdir(path);
    expect(await rejectionOf(open().clear())).toBeInstanceOf(SessionFileAccessError);
  });
});

describe("a sealed text", () => {
  test("whose header was changed by one who repaired its sum is not opened, nor scrypt run with what it asks for", async () => {
    const { createHash } = await import("node:crypto");
    const keys = await deriveKeys(passphrase, newSalt(), { logN: LIGHT, r: 8, p: 1 });
    const sealed = seal(Buffer.from("{}"), keys);
    const forge = (at: number, value: number) => {
      const forged = Buffer.from(sealed);
      forged[at] = value;
      createHash("sha256").update(forged.subarray(0, 56)).digest().copy(forged, 56, 0, 4);
      return forged;
    };
    for (const [at, value] of [
      [8, 2], // version
      [9, 21], // N of 2 GiB
      [9, 9],
      [10, 0],
      [10, 255],
      [11, 255],
    ] as const) {
      expect(() => readHeader(forge(at, value))).toThrow(SessionCorruptError);
    }
    for (const at of [9, 12, 28]) {
      const forged = forge(at, at === 9 ? LIGHT + 1 : (sealed[at] as number) ^ 1);
      const { salt, cost } = readHeader(forged);
      const theirs = await deriveKeys(passphrase, salt, cost);
      expect(() => unseal(forged, theirs)).toThrow(WrongPassphraseError);
    }
    expect(unseal(sealed, keys).toString()).toBe("{}");
  });
});

test("of two processes, the last writer wins as a whole", async () => {
  const writer = join(folder, "writer.mjs");
  await bundle(
    `import { createFileStore } from "../../src/session/file-store.ts";
     const [path = "", passphrase = "", name = ""] = process.argv.slice(2);
     const store = createFileStore({ path, passphrase, scryptLogN: 10 });
     for (let n = 0; n < 100; n++) await store.save({ accessToken: name.repeat(1 + n * 20), n });`,
    writer,
  );
  await open().save({ accessToken: "x" });
  const ends = ["a", "b"].map((name) => promisify(execFile)(process.execPath, [writer, path, passphrase, name]));
  let isRunning = true;
  const ended = Promise.all(ends).finally(() => {
    isRunning = false;
  });
  const reader = open();
  let reads = 0;
  while (isRunning) {
    const { accessToken } = (await reader.load()) as Session;
    expect(accessToken).toMatch(/^(x|a+|b+)$/);
    reads++;
  }
  await ended;
  expect(reads).toBeGreaterThan(0);
  expect((await reader.load())?.n).toBe(99);
  expect(await readdir(join(folder, "deep"))).toEqual(["session"]);
});

describe("bad input is refused before any I/O", () => {
  test.each([
    ["path", { path: "", passphrase }],
    ["path", { path: "a\0b", passphrase }],
    ["passphrase", { path: "x", passphrase: "short" }],
    ["passphrase", { path: "x", passphrase: undefined as unknown as string }],
    ["scryptLogN", { path: "x", passphrase, scryptLogN: 9 }],
    ["scryptLogN", { path: "x", passphrase, scryptLogN: 17.5 }],
  ])("%s", (field, options) => {
    const refuse = () => createFileStore(options);
    expect(refuse).toThrow(InvalidInputError);
    expect(refuse).toThrow(new RegExp(`^${field} must`));
  });
});
