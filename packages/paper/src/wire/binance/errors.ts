import { PitlaneError } from "@pitlane/perf";
import type { RefusalReason } from "../../engine/market.ts";

/** A refusal as the venue words it: an HTTP status, a code and a text. Clients branch on code and text, so both are exact. */
export class VenueRefusal extends PitlaneError {
  readonly code = "VENUE_REFUSAL";
  readonly retryable = false;
  /** HTTP status, and `status` of the WebSocket API. */
  readonly status: number;
  readonly venueCode: number;
  /** Seconds to wait, where the venue says so. */
  readonly retryAfterSeconds: number | undefined;
  /** What the venue says beside code and text: the two halves of a cancel-replace. */
  readonly data: object | undefined;

  constructor(status: number, venueCode: number, text: string, retryAfterSeconds?: number, data?: object) {
    super(text);
    this.status = status;
    this.venueCode = venueCode;
    this.retryAfterSeconds = retryAfterSeconds;
    this.data = data;
  }

  /** The body that tells of it: `{"code","msg"}`, and `data` where there is some. */
  get body(): object {
    const { venueCode: code, message: msg, data } = this;
    return data === undefined ? { code, msg } : { code, msg, data };
  }
}

const bad = (venueCode: number, text: string) => new VenueRefusal(400, venueCode, text);

export const ID_RANGE = "^[0-9]{1,20}$";
export const DECIMAL_RANGE = "^([0-9]{1,20})(\\.[0-9]{1,20})?$";
export const CLIENT_ID_RANGE = "^[a-zA-Z0-9-_]{1,36}$";

/**
 * Every refusal the exchange knows, with the venue's exact words.
 *
 * Source: binance/binance-spot-api-docs errors.md and filters.md; the status of -1003 and -1015 is 429, of -2014 and -2015 401.
 */
export const refuse = {
  internal: () => new VenueRefusal(500, -1000, "An unknown error occurred while processing the request."),
  recordingEnded: (symbol: string) =>
    new VenueRefusal(503, -1000, `the recording has no further snapshot of ${symbol}`),
  tooMuchWeight: (limit: number, retryAfterSeconds: number) =>
    new VenueRefusal(
      429,
      -1003,
      `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      retryAfterSeconds,
    ),
  tooManyOrders: (limit: number, interval: string, retryAfterSeconds: number) =>
    new VenueRefusal(
      429,
      -1015,
      `Too many new orders; current limit is ${limit} orders per ${interval}.`,
      retryAfterSeconds,
    ),
  filter: (name: string) => bad(-1013, `Filter failure: ${name}`),
  tooMany: (name: string) => bad(-2010, `Filter failure: ${name}`),
  marketClosed: () => bad(-1013, "Market is closed."),
  preventionNotAllowed: () => bad(-1013, "This symbol does not allow the specified self-trade prevention mode."),
  unsupported: () => bad(-1020, "This operation is not supported."),
  tooOld: () => bad(-1021, "Timestamp for this request is outside of the recvWindow."),
  tooEarly: () => bad(-1021, "Timestamp for this request was 1000ms ahead of the server's time."),
  badSignature: () => bad(-1022, "Signature for this request is not valid."),
  illegalCharacters: (name: string, range: string) =>
    bad(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`),
  missing: (name: string) => bad(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  missingEither: (one: string, other: string) =>
    bad(-1102, `Param '${one}' or '${other}' must be sent, but both were empty/null!`),
  recvWindowTooLarge: () => bad(-1102, "'recvWindow' contains unexpected value. Cannot be greater than '60000'."),
  empty: (name: string) => bad(-1105, `Parameter '${name}' was empty.`),
  unread: (read: number, sent: number) =>
    bad(-1104, `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`),
  notRequired: (name: string) => bad(-1106, `Parameter '${name}' sent when not required.`),
  tooPrecise: (name: string) => bad(-1111, `Parameter '${name}' has too much precision.`),
  badTimeInForce: () => bad(-1115, "Invalid timeInForce."),
  badType: () => bad(-1116, "Invalid orderType."),
  badSide: () => bad(-1117, "Invalid side."),
  badInterval: () => bad(-1120, "Invalid interval."),
  badSymbol: () => bad(-1121, "Invalid symbol."),
  windowTooBig: () => bad(-1127, "More than 24 hours between startTime and endTime."),
  badCombination: () => bad(-1128, "Combination of optional parameters invalid."),
  badStrategyType: () => bad(-1134, "`strategyType` was less than 1000000."),
  badJson: () => bad(-1135, "Invalid JSON Request"),
  badTickerType: () => bad(-1139, "Invalid ticker type."),
  badData: (name: string) => bad(-1130, `Data sent for parameter '${name}' is not valid.`),
  badCancelRestrictions: () =>
    bad(-1145, "`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`."),
  duplicateSymbols: () => bad(-1151, "Symbol is present multiple times in the list."),
  notInOco: () => bad(-1158, "Order type not supported in OCO."),
  // The venue documents neither the code nor the text; clients have seen the code.
  notWorking: () => bad(-1159, "Order type not supported for the working order."),
  icebergNeedsGtc: (name: string, timeInForce: string) =>
    bad(-1160, `Parameter '${name}' is not supported if \`${timeInForce}\` is not GTC.`),
  buyLimitBelow: () => bad(-1165, "A limit order in a buy OCO must be below."),
  sellLimitAbove: () => bad(-1166, "A limit order in a sell OCO must be above."),
  bothLimit: () => bad(-1168, "At least one OCO order must be contingent."),
  badTimeUnit: () => bad(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."),
  buyStopAbove: () => bad(-1196, "A stop loss order in a buy OCO must be above."),
  sellStopBelow: () => bad(-1197, "A stop loss order in a sell OCO must be below."),
  buyProfitBelow: () => bad(-1198, "A take profit order in a buy OCO must be below."),
  sellProfitAbove: () => bad(-1199, "A take profit order in a sell OCO must be above."),
  opoMustBuy: () => bad(-1222, "Working order in an OPO list must be a bid."),
  opoMustSell: () => bad(-1223, "Pending orders in an OPO list must be asks."),
  rejected: (text: string) => bad(-2010, text),
  cancelListRejected: () => bad(-2011, "Unknown order list sent."),
  cancelRejected: (text = "Unknown order sent.") => bad(-2011, text),
  noSuchList: () => bad(-2018, "Order list does not exist."),
  partlyReplaced: (status: number, data: object, retryAfterSeconds?: number) =>
    new VenueRefusal(status, -2021, "Order cancel-replace partially failed.", retryAfterSeconds, data),
  notReplaced: (status: number, data: object, retryAfterSeconds?: number) =>
    new VenueRefusal(status, -2022, "Order cancel-replace failed.", retryAfterSeconds, data),
  amendRejected: (text: string) => bad(-2038, text),
  noSuchOrder: () => bad(-2013, "Order does not exist."),
  badKeyFormat: () => new VenueRefusal(401, -2014, "API-key format invalid."),
  badKey: () => new VenueRefusal(401, -2015, "Invalid API-key, IP, or permissions for action."),
  alreadySubscribed: () =>
    bad(-2035, "User data stream is already subscribed on this connection for the same account."),
  notSubscribed: () => bad(-2036, "User data stream is not subscribed."),
  hmacLogon: () => bad(-4056, "HMAC_SHA256 API key is not supported."),
  idMismatch: () => bad(-2039, "Order with given orderId does not match given clientOrderId."),
} as const;

/** The engine's reasons in the venue's words. */
export const ENGINE_TEXTS: Readonly<Record<RefusalReason, string>> = {
  DUPLICATE_CLIENT_ID: "Duplicate order sent.",
  INSUFFICIENT_BALANCE: "Account has insufficient balance for requested action.",
  WOULD_TAKE: "Order would immediately match and take.",
  WOULD_TRIGGER: "Order would trigger immediately.",
  BAD_PRICES: "The relationship of the prices for the orders is not correct.",
  UNKNOWN_ORDER: "Unknown order sent.",
  NOT_SMALLER: "Order amend (quantity increase) is not supported.",
  NO_CHANGE: "The requested action would change no state; rejecting",
  PENDING_SIZE: "Order amend (pending OPO order) is not supported.",
  EMPTY_BOOK: "Order book liquidity is less than symbol minimum quantity.",
  NO_LIQUIDITY: "Order book liquidity is less than LOT_SIZE filter minimum quantity.",
};
