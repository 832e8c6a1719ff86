import { InvalidInputError } from "@pitlane/sdk";
import type { OrderVenue } from "../venue.ts";

const refuse = (): Promise<never> =>
  Promise.reject(new InvalidInputError("this session's venue gives market data only: it takes no orders"));

/** The order calls of a venue without any: each is refused, and nothing is sent. */
export const NO_ORDERS: OrderVenue = { submit: refuse, cancel: refuse, get: refuse, listFills: refuse };
