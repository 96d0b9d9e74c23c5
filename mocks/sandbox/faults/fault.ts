/**
 * Something that is to go wrong, as plain data: it is also what comes over HTTP. A fault waits until a call fits it,
 * fires, and is gone when it has fired `count` times. A call that is answered from the contract (`Prefer: code=…`) meets
 * none.
 */
export type Fault = CallFault | Behaviour;

/** What goes wrong with a single call. */
export type CallFault = InsteadFault | SpoilingFault | LatencyFault;

/** Comes in place of the service: the call is checked against the contract, and never handled. */
export type InsteadFault = StatusFault | RateLimitFault | ResetFault<'before'> | WrongContentTypeFault;

/** The call is handled and has its effect; its answer suffers. */
export type SpoilingFault =
  ResetFault<'after' | 'middle'> | SlowBodyFault | MalformedBodyFault | TruncatedBodyFault;

/** How often a fault fires. Without any of these: each time, until it is cleared. */
export interface Occasions {
  /** Fires on the nth occasion from now, the first is 1. Once, unless `count` says otherwise. */
  readonly nth?: number | undefined;
  /** Fires this many times, then is gone. */
  readonly count?: number | undefined;
  /** Fires with this probability, 0 to 1; the dice are the sandbox's seeded ones. */
  readonly probability?: number | undefined;
}

/** Which calls a fault fits. An occasion is a call that no earlier fault has answered. */
interface Calls extends Occasions {
  /**
   * An operationId of the contract, `putBlob`, `putBlock`, `putBlockList`, `getBlob` or `deleteBlob` of the storage, or
   * `*` for all of both. @default '*'
   */
  readonly operation?: string | undefined;
}

/** An error answer. */
export interface StatusFault extends Calls {
  readonly kind: 'status';
  /** 400 to 599. */
  readonly status: number;
  /**
   * Whose error: `problem` of the service's backend (`application/problem+json`), `gateway` of the API gateway in front
   * of it (`statusCode` and `message`). The storage has its own, Azure's XML. @default 'problem'
   */
  readonly envelope?: 'problem' | 'gateway' | undefined;
  /** The text for people: `detail` (of a 422 its one violation), `message` or `Message`. @default what the service says */
  readonly detail?: string | undefined;
  /** Azure's error code, such as `ServerBusy`; for the storage only. @default what fits the status */
  readonly code?: string | undefined;
  /** The header `Retry-After` as it is sent: seconds, a date, or what a broken proxy writes. @default no such header */
  readonly retryAfter?: string | undefined;
}

/** The 429 of the API gateway, with `x-rate-limit-retry-after`. The storage answers 503 ServerBusy, as Azure does. */
export interface RateLimitFault extends Calls {
  readonly kind: 'rate-limit';
  /** Zero and large numbers too. @default 1 */
  readonly retryAfterSeconds?: number | undefined;
  /** The header `Retry-After` as it is sent, beside that of the API gateway. @default no such header */
  readonly retryAfter?: string | undefined;
}

/** The call is handled late. Real time, also while the sandbox's clock is frozen; several add up. */
export interface LatencyFault extends Calls {
  readonly kind: 'latency';
  readonly ms: number;
  /** Up to so much more, by the seeded dice. @default 0 */
  readonly jitterMs?: number | undefined;
}

/**
 * The connection breaks. `before`: nothing is handled, a storage call loses its body too. `after`: the call has had its
 * effect and the answer is lost, the case that repeated calls must survive. `middle`: the same, and half of the answer
 * arrives.
 */
export interface ResetFault<When extends 'before' | 'after' | 'middle'> extends Calls {
  readonly kind: 'reset';
  readonly when: When;
}

/** The right answer, its body dribbled over this time; one without a body starts only at the end of it. */
export interface SlowBodyFault extends Calls {
  readonly kind: 'slow-body';
  readonly ms: number;
}

/** The right status and headers, and a body that is not JSON. 204 becomes 200, as it cannot have a body. */
export interface MalformedBodyFault extends Calls {
  readonly kind: 'malformed-body';
}

/** The first half of the right body, well-formed as HTTP: `content-length` is that of the half. */
export interface TruncatedBodyFault extends Calls {
  readonly kind: 'truncated-body';
}

/** An HTML page, as a proxy in between sends it. */
export interface WrongContentTypeFault extends Calls {
  readonly kind: 'wrong-content-type';
  /** @default 200, the treacherous one */
  readonly status?: number | undefined;
}

/** What goes wrong inside the service. It fits no operation; the occasions are named at each kind. */
export type Behaviour =
  | ValidationNeverFinishes
  | CopyFails
  | NeverWaitsForSignature
  | BackOfficeOutage
  | TokenizerLimit
  | QueueOutage
  | NotificationNotRecorded
  | EmptyLastPage
  | CancelLosesRace;

/** A file arrives and nothing comes of it: the document keeps its status. Occasion: a file that was written. */
export interface ValidationNeverFinishes extends Occasions {
  readonly kind: 'validation-never-finishes';
}

/**
 * A file is valid and cannot be copied to where it is signed: the document is REJECTED, and another upload may be good.
 * Occasion: a file that was found valid.
 */
export interface CopyFails extends Occasions {
  readonly kind: 'copy-fails';
}

/** A request marked READY stays READY. Occasion: a request that is marked. */
export interface NeverWaitsForSignature extends Occasions {
  readonly kind: 'never-waits-for-signature';
}

/** Every key looks wrong: 401 of the backend. Occasion: a call of the API other than `getSignerByFiscalCode`. */
export interface BackOfficeOutage extends Occasions {
  readonly kind: 'back-office-outage';
}

/**
 * The citizen has signed in the moment of the cancel: the issuer is answered 204 and reads CANCELLED, while the citizen
 * side refuses the cancel and ends SIGNED. Two truths. Occasion: a request that is cancelled.
 */
export interface CancelLosesRace extends Occasions {
  readonly kind: 'cancel-loses-race';
}

/**
 * The tokenizer, which knows the fiscal codes, is asked too often: 429. Occasion: a `getSignerByFiscalCode`, or a
 * `sendNotification` whose request may be notified.
 */
export interface TokenizerLimit extends Occasions {
  readonly kind: 'tokenizer-limit';
}

/**
 * The new status is stored and the message to the citizen's side is lost: 500 `RestError`. The request stays READY, or is
 * cancelled for the issuer alone; neither can be asked for again. Occasion: a request that is marked READY or cancelled.
 */
export interface QueueOutage extends Occasions {
  readonly kind: 'queue-outage';
}

/**
 * The citizen gets the message and the database fails to record it: 500 `CosmosDatabaseError`. The request shows no
 * notification, and another one sends a second message. Occasion: a message that is sent.
 */
export interface NotificationNotRecorded extends Occasions {
  readonly kind: 'notification-not-recorded';
}

/** The last page of a list carries a token, and the page behind it is empty. Occasion: a last page that has items. */
export interface EmptyLastPage extends Occasions {
  readonly kind: 'empty-last-page';
}
