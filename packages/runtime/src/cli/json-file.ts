import { accessSync, constants, existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { InvalidInputError } from "@pitlane/perf";

/** Finds out before the work whether its result can be written. @throws {InvalidInputError} When the path that `flag` names cannot be. */
export function checkWritable(path: string, flag = "--json"): string {
  const remedy = "name a file in a folder that exists and can be written";
  if (existsSync(path) && statSync(path).isDirectory())
    throw new InvalidInputError(`${flag} ${path} is a folder: ${remedy}`);
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new InvalidInputError(`${flag} ${path} cannot be written (${(error as Error).message}): ${remedy}`);
  }
  return path;
}

/** Writes a JSON document whole or not at all: a reader never sees half of one. */
export function writeJson(path: string, document: unknown): void {
  writeWhole(path, `${JSON.stringify(document, null, 2)}\n`);
}

/** As `writeJson`, any text. */
export function writeWhole(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
