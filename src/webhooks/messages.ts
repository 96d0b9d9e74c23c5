import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isFinal } from '../watching/changes.ts';
import type { SignatureRequest } from '../upstream/decode.ts';

/** Which request, and of which tenant. */
export interface RequestKey {
  readonly tenant: string | undefined;
  readonly id: string;
}

/** What receivers know of a request. Times are in milliseconds since 1970. */
export interface Told {
  /** DRAFT: nothing yet. */
  readonly status: string;
  readonly isNotified: boolean;
  /** When the service changed what was told last. */
  readonly updatedAt: number;
  /** When it was told last, or when watching began. */
  readonly since: number;
  /** When watching ends, whatever comes. */
  readonly until: number;
}

/** An event on its way, as it is kept. */
export interface Message {
  /** `webhook-id`: made of the event, so whoever finds the same event gives it the same. */
  readonly id: string;
  readonly type: string;
  /** The body as it is sent, each time the same. */
  readonly body: string;
  /** When the event was found, in milliseconds since 1970. */
  readonly at: number;
  /** How often it was sent in vain. */
  readonly attempts: number;
}

/**
 * The service has no webhooks yet, and these are the names of the events that it will have.
 * Those of documents are missing: their status changes in DRAFT alone, and nothing of that is watched.
 */
const PREFIX = 'io.sign.signature_request';
const NOTIFICATION_SENT = `${PREFIX}.notification.sent`;
/** The names follow from the statuses; one that the gateway does not know yet gets its name likewise. */
const typeOf = (status: string): string => `${PREFIX}.${status.toLowerCase()}`;

/** The app shows no request whose time is up, but one that is being signed then may end signed. And there is cleaning up. */
const KEPT_AFTER_EXPIRY_MS = 7 * 24 * 60 * 60_000;

/** Of a request that is about to be marked READY: there is nothing to tell yet. */
export function nothingTold(request: SignatureRequest, now: number): Told {
  return {
    status: 'DRAFT',
    isNotified: false,
    updatedAt: 0,
    since: now,
    until: Math.max(now, request.expiresAt.getTime()) + KEPT_AFTER_EXPIRY_MS,
  };
}

export interface News {
  readonly told: Told;
  /** In the order in which they happened. */
  readonly messages: readonly Message[];
}

/** What there is to tell of a request as a read shows it. Undefined: nothing, or the read is older than what was told. */
export function newsOf(
  key: RequestKey,
  told: Told,
  request: SignatureRequest,
  now: number,
): News | undefined {
  const updatedAt = request.updatedAt.getTime();
  if (request.status === 'DRAFT' || updatedAt < told.updatedAt) return undefined;
  const hasMoved = request.status !== told.status;
  const isNotified = told.isNotified || request.notification !== undefined;
  const types = [
    ...(hasMoved ? [typeOf(request.status)] : []),
    ...(isNotified && !told.isNotified ? [NOTIFICATION_SENT] : []),
  ];
  if (types.length === 0) return undefined;
  if (isFinal(request)) types.reverse(); // a notification comes before the end
  const messages = types.map((type) => messageOf(key, type, request, now));
  return { told: { ...told, status: request.status, isNotified, updatedAt, since: now }, messages };
}

function messageOf(key: RequestKey, type: string, request: SignatureRequest, now: number): Message {
  const isOfStatus = type === typeOf(request.status);
  const happenedAt = isOfStatus ? (request.signedAt ?? request.rejectedAt ?? request.cancelledAt) : undefined;
  // Ids and statuses alone: no title, no address, no reason.
  const data = {
    id: request.id,
    dossierId: request.dossierId,
    signerId: request.signerId,
    status: request.status,
    documents: request.documents.map(({ id, status }) => ({ id, status })),
  };
  const timestamp = (happenedAt ?? new Date(now)).toISOString();
  return {
    id: messageId(key, type),
    type,
    body: JSON.stringify({ type, timestamp, data }),
    at: now,
    attempts: 0,
  };
}

/** A request has each event once at most. */
function messageId({ tenant = '', id }: RequestKey, type: string): string {
  const hash = createHash('sha256').update(JSON.stringify([tenant, id, type]));
  return `msg_${hash.digest('base64url').slice(0, 32)}`;
}

/*
 * How stores keep all this: as text that they compare and do not look into.
 */
const told = z.object({
  status: z.string(),
  isNotified: z.boolean(),
  updatedAt: z.number(),
  since: z.number(),
  until: z.number(),
});
const message = z.object({
  id: z.string(),
  type: z.string(),
  body: z.string(),
  at: z.number(),
  attempts: z.number(),
});
const key = z.tuple([z.string().nullable(), z.string()]);

export const writeTold = (value: Told): string => JSON.stringify(value);
export const readTold = (text: string): Told | undefined => read(told, text);
export const writeMessage = (value: Message): string => JSON.stringify(value);
export const readMessage = (text: string): Message | undefined => read(message, text);
export const writeKey = ({ tenant, id }: RequestKey): string => JSON.stringify([tenant ?? null, id]);
export function readKey(text: string): RequestKey | undefined {
  const [tenant, id] = read(key, text) ?? [];
  return id === undefined ? undefined : { tenant: tenant ?? undefined, id };
}

/** Undefined for what another release has written otherwise, or somebody else has: there is no way to go on with that. */
function read<T>(form: z.ZodType<T>, text: string): T | undefined {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
