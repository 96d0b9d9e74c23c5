/**
 * An injected failure as plain data, also the JSON of the control API. A fault fires on matching calls and is removed
 * after it has fired `count` times. It does not fire on calls that Prism answers from the contract (`Prefer: code=…`).
 */
export type Fault = CallFault | Behaviour;

/** Failures of a single call. */
export type CallFault = ReplacingFault | AlteringFault | LatencyFault;

/** Replaces the response: the request is validated against the contract, but not processed. */
export type ReplacingFault = StatusFault | RateLimitFault | ResetFault<'before'> | WrongContentTypeFault;

/** The call is processed and has its effect, but its response is changed. */
export type AlteringFault =
  ResetFault<'after' | 'middle'> | SlowBodyFault | MalformedBodyFault | TruncatedBodyFault;

/** How often a fault fires. Default: on each matching occasion, until it is removed. */
export interface Occasions {
  /** Fires on the nth matching occasion, counted from 1. It fires once, unless `count` is given. */
  readonly nth?: number | undefined;
  /** How often the fault fires before it is removed. */
  readonly count?: number | undefined;
  /** Probability of firing, 0 to 1, decided by the seeded random sequence of the sandbox. */
  readonly probability?: number | undefined;
}

/** Which calls a fault matches. An occasion is a matching call that no earlier fault has answered. */
interface Calls extends Occasions {
  /**
   * An operationId of the contract, `putBlob`, `putBlock`, `putBlockList`, `getBlob` or `deleteBlob` of the storage, or
   * `*` for all operations. @default '*'
   */
  readonly operation?: string | undefined;
}

/** An error response. */
export interface StatusFault extends Calls {
  readonly kind: 'status';
  /** 400 to 599. */
  readonly status: number;
  /**
   * Format of the error: `problem`, of the backend of the service (`application/problem+json`), or `gateway`, of the API
   * gateway in front of it (`statusCode` and `message`). The storage always sends Azure's XML. @default 'problem'
   */
  readonly envelope?: 'problem' | 'gateway' | undefined;
  /** Error text: `detail` (in a 422 its violation), `message` or `Message`. @default the text of the service */
  readonly detail?: string | undefined;
  /** Azure's error code, such as `ServerBusy`; for the storage only. @default the usual code of the status */
  readonly code?: string | undefined;
  /** Value of the header `Retry-After`: seconds, a date, or an invalid value. @default the header is not sent */
  readonly retryAfter?: string | undefined;
}

/** The 429 of the API gateway, with `x-rate-limit-retry-after`. The storage responds with 503 ServerBusy, as Azure does. */
export interface RateLimitFault extends Calls {
  readonly kind: 'rate-limit';
  /** Zero and large numbers are allowed. @default 1 */
  readonly retryAfterSeconds?: number | undefined;
  /** Value of the header `Retry-After`, sent in addition. @default the header is not sent */
  readonly retryAfter?: string | undefined;
}

/** A delay in real time, also while the clock is frozen, before the call is processed. Several add up. */
export interface LatencyFault extends Calls {
  readonly kind: 'latency';
  readonly ms: number;
  /** Maximum additional random delay. @default 0 */
  readonly jitterMs?: number | undefined;
}

/**
 * The connection is reset. `before`: the call has no effect, and a storage call loses its body. `after`: the call has its
 * effect and the response is lost, the case that retries must handle. `middle`: as `after`, but half of the response is
 * sent.
 */
export interface ResetFault<When extends 'before' | 'after' | 'middle'> extends Calls {
  readonly kind: 'reset';
  readonly when: When;
}

/** The correct response, with a body that takes this time to send. A response without a body is delayed. */
export interface SlowBodyFault extends Calls {
  readonly kind: 'slow-body';
  readonly ms: number;
}

/** The correct status and headers with a body that is not JSON. A 204 becomes a 200, as it cannot have a body. */
export interface MalformedBodyFault extends Calls {
  readonly kind: 'malformed-body';
}

/** The first half of the correct body. It is valid HTTP: `content-length` is the length of the half. */
export interface TruncatedBodyFault extends Calls {
  readonly kind: 'truncated-body';
}

/** An HTML page, as a proxy would send. */
export interface WrongContentTypeFault extends Calls {
  readonly kind: 'wrong-content-type';
  /** @default 200, which clients may take for a success */
  readonly status?: number | undefined;
}

/** Failures inside the service, independent of the operation. Each kind documents its occasions. */
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

/** An uploaded file is never validated, and its document keeps its status. Occasion: a completed upload. */
export interface ValidationNeverFinishes extends Occasions {
  readonly kind: 'validation-never-finishes';
}

/**
 * A valid file cannot be copied to the container of validated files, so its document becomes REJECTED. Another upload
 * can succeed. Occasion: a file that passed validation.
 */
export interface CopyFails extends Occasions {
  readonly kind: 'copy-fails';
}

/** A request that is marked READY stays READY. Occasion: a request that is marked READY. */
export interface NeverWaitsForSignature extends Occasions {
  readonly kind: 'never-waits-for-signature';
}

/** The backend refuses every key with 401. Occasion: an API call other than `getSignerByFiscalCode`. */
export interface BackOfficeOutage extends Occasions {
  readonly kind: 'back-office-outage';
}

/**
 * The citizen signs at the moment of the cancellation: the issuer gets 204 and reads CANCELLED, while the citizen side
 * ignores the cancellation and ends SIGNED. Occasion: a request that is cancelled.
 */
export interface CancelLosesRace extends Occasions {
  readonly kind: 'cancel-loses-race';
}

/**
 * The tokenizer, which stores the fiscal codes, is rate limited: 429. Occasion: a `getSignerByFiscalCode`, or a
 * `sendNotification` of a request in WAIT_FOR_SIGNATURE without a notification.
 */
export interface TokenizerLimit extends Occasions {
  readonly kind: 'tokenizer-limit';
}

/**
 * The new status is stored, but the message to the citizen side is lost: 500 `RestError`. The request stays READY, or is
 * CANCELLED on the issuer side only; a retry is refused. Occasion: a request that is marked READY or cancelled.
 */
export interface QueueOutage extends Occasions {
  readonly kind: 'queue-outage';
}

/**
 * The message is sent, but the database does not record it: 500 `CosmosDatabaseError`. The request shows no notification,
 * and a retry sends a second message. Occasion: a message that is sent.
 */
export interface NotificationNotRecorded extends Occasions {
  readonly kind: 'notification-not-recorded';
}

/** The last page of a list has a continuation token, and the next page is empty. Occasion: a last page with items. */
export interface EmptyLastPage extends Occasions {
  readonly kind: 'empty-last-page';
}
