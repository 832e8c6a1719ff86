import { checkFunction, checkList, checkObject } from "../checks.ts";
import type { Capabilities, ClientOf } from "../venue.ts";
import { clientRules, type Rule, streamRules, writeRules } from "./checks.ts";
import { ConformanceError } from "./expect.ts";
import type { ConformanceCheck, ConformanceOptions } from "./rig.ts";

const LIMIT_MS = 60_000;

/**
 * The rules that every venue keeps, as checks to run one by one: in a test runner of your choice, or in a loop.
 *
 * Rules about writes and streams are among them when the venue declares `orders` or `stream`, or `also` names them. Every check
 * opens a rig of its own and closes it; one that takes longer than a minute fails.
 *
 * @throws {InvalidInputError} When there is no venue, or no way to open a rig.
 * @example
 * import { conformance } from "@pitlane/sdk/testing";
 *
 * for (const { name, run } of conformance({ venue: example, openRig })) test(name, run, 60_000);
 */
export function conformance<C extends Capabilities, O, Client extends ClientOf<C>>(
  options: ConformanceOptions<C, O, Client>,
): readonly ConformanceCheck[] {
  checkObject("options", options);
  const { venue, openRig, also = [] } = options;
  checkObject("venue", venue);
  checkObject("venue.capabilities", venue.capabilities);
  checkFunction("openRig", openRig);
  checkList("also", also);
  const { capabilities } = venue;
  const rules: readonly Rule<Client>[] = [
    ...clientRules<Client>(),
    ...(capabilities.orders === undefined && !also.includes("write") ? [] : writeRules<Client>()),
    ...(capabilities.stream === undefined && !also.includes("stream") ? [] : streamRules<Client>()),
  ];
  return rules.map(({ name, run }) => ({
    name: `${venue.name} ${name}`,
    async run() {
      const rig = await openRig();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new ConformanceError(`it took more than ${LIMIT_MS} ms`)), LIMIT_MS);
      });
      try {
        const client = rig.createClient();
        await Promise.race([run({ rig, client }, capabilities), late]);
      } finally {
        clearTimeout(timer);
        await rig.close();
      }
    },
  }));
}
