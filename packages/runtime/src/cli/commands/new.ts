import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { projectFiles } from "../new-project.ts";
import { colors } from "../output.ts";

/** `pitlane new NAME`: a strategy with its settings and its test in a folder of its own, ready to run. */
export function addNew(program: Command, { cwd, output }: CommandContext): void {
  program
    .command("new")
    .description("write a strategy with its settings and test into a new folder")
    .argument("<name>", "the strategy's name and the folder's: kebab case, such as my-strategy")
    .option("-j, --json <file>", "write the names of the files to this file")
    .action((name: string, { json }: { readonly json?: string }) => {
      const folder = checkFolder(name, cwd);
      const jsonPath = json === undefined ? undefined : checkWritable(resolve(cwd, json));
      const files = Object.entries(projectFiles(name));
      mkdirSync(folder, { recursive: true });
      for (const [file, text] of files) writeFileSync(join(folder, file), text, { flag: "wx" });
      if (jsonPath !== undefined) writeJson(jsonPath, { name, folder, files: files.map(([file]) => file) });
      output.line(`${colors.bold(name)}  ${files.map(([file]) => file).join(", ")}`);
      output.line(`next: cd ${name} && npx pitlane run ./strategy.ts --duration 20s`);
    });
}

/** @throws {InvalidInputError} When the name is not kebab case, or something of that name is there and not an empty folder. */
function checkFolder(name: string, cwd: string): string {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new InvalidInputError(`"${name}" is no name for a strategy: use kebab case, such as my-strategy`);
  const folder = join(cwd, name);
  if (existsSync(folder) && !(statSync(folder).isDirectory() && readdirSync(folder).length === 0))
    throw new InvalidInputError(`${name} is there already and is not an empty folder: choose another name`);
  return folder;
}
