export { type BackoffOptions, backoffMs } from "./backoff.ts";
