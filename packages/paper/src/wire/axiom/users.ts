import { pbkdf2, randomBytes, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { parseScaled } from "../../scale.ts";
import type { AxiomUserSpec, AxiomWalletSpec } from "./options.ts";

/** A wallet as the venue lists it. */
export interface UserWallet {
  readonly address: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Whole units of 1e-9 SOL. */
  lamports: number;
  /** Raw balance by token address. */
  readonly tokens: ReadonlyMap<string, bigint>;
}

/** Somebody with a session, or who may get one. */
export interface User {
  readonly id: string;
  /** "" of one who registered with a wallet. */
  readonly email: string;
  readonly wallets: UserWallet[];
  /** Wallets whose trades are shown; at most 1,000, the oldest gives way. */
  readonly tracked: Set<string>;
  /** Base64 of 32 bytes; the venue's clients decrypt wallet bundles with it. Opens nothing here. */
  readonly bundleKey: string;
}

// PBKDF2 with one salt for all users, as the venue's clients compute it. Source: axiomtrade-rs, auth; agreed by two other clients.
const SALT = Buffer.from("d903a17b35c8ce248f02dcfcf06dcc17d9ae4f9e124c95754928cf4d22c2c4a3", "hex");
const ITERATIONS = 600_000;
const MOST_REGISTERED = 10_000;
const MOST_TRACKED = 1000;

/** What `b64Password` must be for `password`: 44 characters. Takes some 0.2 s of another thread. */
export async function passwordHash(password: string): Promise<string> {
  const hash = await promisify(pbkdf2)(Buffer.from(password, "utf8"), SALT, ITERATIONS, 32, "sha256");
  return hash.toString("base64");
}

/** Everybody the venue knows: the configured users, and at most 10,000 who registered with a wallet. */
export class Users {
  readonly #byId = new Map<string, User>();
  readonly #byEmail = new Map<string, User>();
  readonly #byWallet = new Map<string, User>();
  readonly #passwords = new Map<User, string>();
  readonly #hashes = new Map<User, Promise<string>>(); // made at the first login
  readonly #tracked: readonly string[];
  #registered = 0;

  /** @param tracked Wallets that every user tracks from the start. */
  constructor(specs: readonly AxiomUserSpec[], tracked: readonly string[], demoWallet: string, nowMs: number) {
    this.#tracked = tracked;
    for (const { email, password, wallets = [{ address: demoWallet }] } of specs) {
      const user = this.#add(email, wallets, nowMs);
      this.#byEmail.set(email.toLowerCase(), user);
      this.#passwords.set(user, password);
    }
  }

  byId(id: string): User | undefined {
    return this.#byId.get(id);
  }

  byEmail(email: string): User | undefined {
    return this.#byEmail.get(email.toLowerCase());
  }

  byWallet(address: string): User | undefined {
    return this.#byWallet.get(address);
  }

  /** The configured users, in order. */
  get configured(): readonly User[] {
    return [...this.#byEmail.values()];
  }

  /** The wallet at `address`, of any user. */
  walletAt(address: string): UserWallet | undefined {
    return this.byWallet(address)?.wallets.find((wallet) => wallet.address === address);
  }

  /** A user for a wallet nobody has; undefined when there are too many. */
  register(address: string, nowMs: number): User | undefined {
    if (this.#registered >= MOST_REGISTERED) return undefined;
    this.#registered++;
    return this.#add("", [{ address, sol: "0" }], nowMs);
  }

  /** Whether `b64Password` is that of `user`. */
  async isPassword(user: User, b64Password: string): Promise<boolean> {
    let hash = this.#hashes.get(user);
    if (hash === undefined) {
      hash = passwordHash(this.#passwords.get(user) ?? "");
      this.#hashes.set(user, hash);
    }
    return (await hash) === b64Password;
  }

  /** Shows trades of `wallet` to `user` from now on. */
  track(user: User, wallet: string): void {
    user.tracked.add(wallet);
    if (user.tracked.size > MOST_TRACKED) user.tracked.delete(user.tracked.keys().next().value!);
  }

  #add(email: string, specs: readonly AxiomWalletSpec[], nowMs: number): User {
    const wallets = specs.map(({ address, name = "Main", sol = "10", tokens = {} }) => ({
      address,
      name,
      createdAtMs: nowMs,
      lamports: parseScaled("sol", sol, 9),
      tokens: new Map(Object.entries(tokens).map(([token, raw]) => [token, BigInt(raw)])),
    }));
    const bundleKey = randomBytes(32).toString("base64");
    const user: User = { id: randomUUID(), email, wallets, tracked: new Set(this.#tracked), bundleKey };
    this.#byId.set(user.id, user);
    for (const { address } of wallets) this.#byWallet.set(address, user);
    return user;
  }
}
