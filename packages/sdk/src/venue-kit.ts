// What a venue is built of: the parts that the ones which come with the package use, for those who add another.
export { settleAll } from "./batch/outcome.ts";
export { checkBatch, split } from "./batch/split.ts";
export { DepthDiff, type DepthSnapshot } from "./book/depth-diff.ts";
export {
  BookSync,
  type BookSyncOptions,
  type DiffVerdict,
  type SequencedDiff,
  type SequenceRule,
} from "./book/sync.ts";
export { createEvents } from "./client-events.ts";
export { createHealthMeter, type HealthMeter, type HealthMeterOptions } from "./health-meter.ts";
export { type EndpointSet, endpointSet, type RegionUrls } from "./region/endpoint-set.ts";
export { type Endpoint, type EndpointChoice, fixedEndpoint } from "./region/endpoints.ts";
export { httpProbe, type Probe } from "./region/prober.ts";
export { createRegions, type Regions, type RegionsOptions } from "./region/regions.ts";
export { CookieJar } from "./session/cookies.ts";
export { readTokenTimes, type TokenTimes } from "./session/jwt.ts";
export { createLogin, type Login, type LoginFlow } from "./session/login.ts";
export { createNonce, type Nonce } from "./session/nonce.ts";
export { Redactor } from "./session/secrets.ts";
export type { SessionStatus } from "./session/session.ts";
export { createSessionManager, type SessionManager, type SessionManagerOptions } from "./session/session-manager.ts";
export { type ApiCredentials, createSigner, type SignatureAlgorithm, type Signer } from "./session/sign.ts";
export {
  type ClockTolerance,
  createVenueClock,
  type VenueClock,
  type VenueClockOptions,
} from "./session/venue-clock.ts";
export { Connection, type ConnectionOptions, type ConnectionWatch } from "./stream/connection.ts";
export { type Keepalive, type KeepaliveOptions, keepalive } from "./stream/keepalive.ts";
export type { Link } from "./stream/link.ts";
export { type SubscriptionDialect, Subscriptions, type SubscriptionsOptions } from "./stream/subscriptions.ts";
export { Watchdog, type WatchdogOptions } from "./stream/watchdog.ts";
export { type AuthenticateOptions, authenticate } from "./transport/authenticate.ts";
export type { BudgetWaits } from "./transport/budget-waits.ts";
export { classify } from "./transport/classify.ts";
export { type DeadlineOptions, deadline } from "./transport/deadline.ts";
export { type FailoverOptions, failover } from "./transport/failover.ts";
export { type CallBudget, type LimitOptions, limit } from "./transport/limit.ts";
export { type MeasureOptions, measure } from "./transport/measure.ts";
export type { TransportOptions } from "./transport/options.ts";
export { createPools, type Pools, type PoolsOptions } from "./transport/pools.ts";
export { type RetryLayerOptions, retry } from "./transport/retry.ts";
export {
  type Authenticator,
  type CallOptions,
  compose,
  HttpCall,
  type HttpMethod,
  type HttpReply,
  type Layer,
  type Send,
} from "./transport/transport.ts";
export { type Capabilities, type ClientOf, defineVenue, type VenueDefinition } from "./venue.ts";
