import {
  flag,
  integer,
  listOf,
  type MoreFields,
  mapOf,
  nullable,
  type OpenRecord,
  objectOf,
  parser,
  raw,
  record,
  text,
  timeUs,
  units,
} from "./read.ts";

/** A wallet that Axiom holds for the user. */
export interface HeldWallet {
  readonly walletAddress: string;
  /** `sol`, `evm`; an open set. */
  readonly network: string;
  readonly isPrimary: boolean | null;
  readonly isArchived: boolean | null;
  readonly createdAtUs: number | null;
  readonly name: string | null;
}

/** The reply of `/bundle-key-and-wallets`, its key still bare: whoever calls this wraps it at once. */
export const parseBundle = parser(
  "bundle-key-and-wallets",
  objectOf<{ bundleKey: string | null; wallets: readonly (HeldWallet & MoreFields)[] }>({
    bundleKey: nullable(text),
    wallets: listOf(
      "wallet",
      objectOf<HeldWallet>({
        walletAddress: text,
        network: text,
        isPrimary: nullable(flag),
        isArchived: nullable(flag),
        createdAtUs: ["createdAt", nullable(timeUs)],
        name: nullable(text),
      }),
    ),
  }),
);

/** What a wallet holds of one token, exactly as on the chain. */
export interface TokenAccount {
  readonly tokenAddress: string;
  readonly tokenAccountAddress: string;
  readonly tokenProgram: string | null;
  /** In the token's smallest unit. */
  readonly balanceRaw: bigint;
}

/** The token accounts of a wallet, as of a slot of the chain. */
export interface TokenAccounts {
  readonly tokenAccounts: readonly (TokenAccount & MoreFields)[];
  readonly slot: number | null;
}

export const parseTokenAccounts = parser(
  "batched-wallet-token-accounts",
  objectOf<TokenAccounts>({
    tokenAccounts: listOf(
      "account",
      objectOf<TokenAccount>({
        tokenAddress: text,
        tokenAccountAddress: text,
        tokenProgram: nullable(text),
        balanceRaw: units,
      }),
    ),
    slot: nullable(integer),
  }),
);

/** Alerts, whose form is not known (none was captured), and where they go. The addresses there are as good as secrets. */
export interface Alerts {
  readonly alerts: readonly unknown[];
  readonly userMetadata: OpenRecord | null;
}

export const parseAlerts = parser(
  "get-alerts",
  objectOf<Alerts>({ alerts: listOf("alert", raw), userMetadata: nullable(record) }),
);

/** A reply that is a list of items of unknown form. */
export const parseUnknownList = (where: string): ((value: unknown) => readonly unknown[]) =>
  parser(where, listOf("item", raw));

/** A reply that is a map by wallet, or by whatever was asked about, with values of unknown form. */
export const parseUnknownMap = (where: string): ((value: unknown) => ReadonlyMap<string, unknown>) =>
  parser(where, mapOf(raw));

/** A reply that is an object whose fields are used as they come. */
export const parseRecord = (where: string): ((value: unknown) => OpenRecord) => parser(where, record);
