/** Go's concurrency in simulated time: what Kubernetes' programs are written with, with the rules of the language. */
export { Channel, ChannelPanic, NilChannel, type Received } from "./channel.ts";
export { select, type SelectCase, type Selected, type SelectOptions } from "./select.ts";
export { Mutex, WaitGroup } from "./sync.ts";
export { CANCELED, Context, DEADLINE_EXCEEDED } from "./context.ts";
export { Ticker } from "./ticker.ts";
export {
  Backoff,
  backoffUntil,
  jitter,
  jitterUntil,
  ResettingBackoff,
  until,
  type BackoffOptions,
  type Delays,
  type JitterUntilOptions,
  type ResetFrom,
} from "./wait.ts";
