import { InvalidInputError } from "@pitlane/perf";
import { createFileStore, SessionStoreError, WrongPassphraseError } from "@pitlane/sdk";
import { isPlainObject } from "./layers.ts";
import { checkSecretName, checkSecretValue } from "./secret-refs.ts";

export interface SecretStoreOptions {
  /** The file; made, mode 0600, by the first `set`. */
  readonly path: string;
  /** Seals it; at least 8 characters. */
  readonly passphrase: string;
  /** Cost of a guess: log2 of scrypt's N; 10 to 20, default 17. A file that exists keeps its own. */
  readonly scryptLogN?: number;
}

/** Secrets by name, in one sealed file. */
export interface SecretStore {
  /** Their names, sorted. */
  list(): Promise<readonly string[]>;
  get(name: string): Promise<string | undefined>;
  /** Adds a secret, or replaces one. */
  set(name: string, value: string): Promise<void>;
  /** False when there was none of this name. */
  remove(name: string): Promise<boolean>;
}

const KIND = "pitlane-secrets";

interface Stored {
  readonly kind: typeof KIND;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Keeps secrets in a file sealed with AES-256-GCM under a scrypt key of a passphrase, names included; the SDK's `createFileStore` says what
 * that holds and what not. Calls of one store run one after the other; of two processes that change one file at a time, the last wins.
 *
 * @throws {InvalidInputError} Here for a short passphrase; from the calls when the file was sealed with another passphrase, was altered,
 *   may be read by others, or cannot be accessed. No message shows a secret.
 * @example
 * const store = createSecretStore({ path: ".pitlane/secrets", passphrase });
 * await store.set("BINANCE_API_KEY", key);
 */
export function createSecretStore({ path, passphrase, scryptLogN }: SecretStoreOptions): SecretStore {
  const file = createFileStore<Stored>({ path, passphrase, scryptLogN });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work).catch((error: unknown) => {
      throw asSecretsError(error);
    });
    last = turn.catch(() => {}); // told to its caller; the next one starts anew
    return turn;
  };
  const load = async (): Promise<Map<string, string>> => {
    const stored: unknown = await file.load();
    if (stored === undefined) return new Map();
    if (!isStored(stored))
      throw new InvalidInputError(`${path} holds no secrets but something else: name another file`);
    return new Map(Object.entries(stored.secrets));
  };
  const save = (secrets: ReadonlyMap<string, string>) =>
    file.save({ kind: KIND, secrets: Object.fromEntries(secrets) });
  return {
    list: () => inTurn(async () => [...(await load()).keys()].sort()),
    get: (name) => inTurn(async () => (await load()).get(name)),
    set: (name, value) =>
      inTurn(async () => {
        checkSecretValue(checkSecretName(name), value);
        await save((await load()).set(name, value));
      }),
    remove: (name) =>
      inTurn(async () => {
        const secrets = await load();
        if (!secrets.delete(name)) return false;
        await save(secrets);
        return true;
      }),
  };
}

function isStored(value: unknown): value is Stored {
  return isPlainObject(value) && value["kind"] === KIND && isPlainObject(value["secrets"]);
}

/** The store is the SDK's for sessions; its words are turned into those of secrets. */
function asSecretsError(error: unknown): unknown {
  if (!(error instanceof SessionStoreError)) return error;
  const remedy = error instanceof WrongPassphraseError ? ": check PITLANE_PASSPHRASE" : "";
  return new InvalidInputError(`${error.message.replaceAll("session file", "secrets file")}${remedy}`, {
    cause: error,
  });
}
