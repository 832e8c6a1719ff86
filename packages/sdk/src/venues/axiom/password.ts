import { pbkdf2 } from "node:crypto";

// One salt for all users, part of the site.
const SALT = Buffer.from("2QOhezXIziSPAtz88G3MF9muT54STJV1SSjPTSLCxKM=", "base64");
const ITERATIONS = 600_000;

/**
 * What the venue is sent in place of a password: base64 of PBKDF2-HMAC-SHA-256. As good as the password itself, so a secret.
 *
 * Runs off the main thread for some tenths of a second. The password is taken as it is typed: no normalization, as on the site.
 * Source: agreed on by three independent clients; SHA-256 alone was refused from 2026-01.
 */
export function hashPassword(password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, SALT, ITERATIONS, 32, "sha256", (error, key) => {
      if (error === null) resolve(key.toString("base64"));
      else reject(error);
    });
  });
}
