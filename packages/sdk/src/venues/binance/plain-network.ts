import { integerInRange } from "@pitlane/perf";
import { HostList } from "../../region/host-list.ts";
import { Reads } from "../../transport/reads.ts";
import { toReadError } from "./errors.ts";
import { parseJson } from "./fields.ts";
import { type Network, type NetworkPlace, USED_WEIGHT } from "./network.ts";
import { MissingPartError } from "./parts.ts";

/** Public reads, and sockets, at the first address that works: what a client has without the part `regionalTransport`. */
export function connectPlainly(place: NetworkPlace): Network {
  const { options, facts, endpoints, events } = place;
  const list = (service: keyof typeof endpoints) => new HostList({ service, endpoints: endpoints[service], events });
  const retries = integerInRange("retries", options.retries ?? 3, 0, 100);
  const reads = new Reads({
    ...place,
    hosts: list("rest"),
    toError: toReadError,
    usedWeightHeader: USED_WEIGHT,
    retries,
  });
  return {
    rest: {
      async call({ path, params, weight, control }) {
        if (control.hedgeAfterMs !== undefined) throw new MissingPartError("hedgeAfterMs", "regionalTransport");
        const query = new URLSearchParams(params as Readonly<Record<string, string>>).toString(); // which makes text of numbers
        const target = facts.apiPath + path;
        const text = await reads.get(query === "" ? target : `${target}?${query}`, weight, control);
        return parseJson(`GET ${target}`, text);
      },
    },
    stream: list("stream"),
    close: () => reads.close(),
  };
}
