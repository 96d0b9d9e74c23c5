import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isFinal } from '../watching/changes.ts';
import type { SignatureRequest } from '../upstream/decode.ts';

/** Identifies a request of a tenant. */
export interface RequestKey {
  readonly tenant: string | undefined;
  readonly id: string;
}

/** The last state of a request that was reported to receivers. Times are in milliseconds since 1970. */
export interface ReportedState {
  /** DRAFT until an event was reported. */
  readonly status: string;
  readonly isNotified: boolean;
  /** The `updatedAt` of the reported state. */
  readonly updatedAt: number;
  /** When a change was last reported, or when watching started. */
  readonly since: number;
  /** When watching ends, even without a final status. */
  readonly until: number;
}

/** An undelivered event, as it is stored. */
export interface Message {
  /** The `webhook-id`. It is derived from the event, so that every gateway gives the same event the same id. */
  readonly id: string;
  readonly type: string;
  /** The request body, identical in every attempt. */
  readonly body: string;
  /** When the event was detected, in milliseconds since 1970. */
  readonly at: number;
  /** Failed attempts so far. */
  readonly attempts: number;
}

/**
 * The service has announced webhooks with these event names. Its document events are missing here, because a document
 * changes only while its request is a DRAFT, which is not watched.
 */
const PREFIX = 'io.sign.signature_request';
const NOTIFICATION_SENT = `${PREFIX}.notification.sent`;
/** An event name derives from the status, so that an unknown status has one too. */
const typeOf = (status: string): string => `${PREFIX}.${status.toLowerCase()}`;

/** A request that is being signed when it expires may still become SIGNED. */
const WATCHED_AFTER_EXPIRY_MS = 7 * 24 * 60 * 60_000;

/** The state of a request that is about to be marked READY. */
export function initialState(request: SignatureRequest, now: number): ReportedState {
  return {
    status: 'DRAFT',
    isNotified: false,
    updatedAt: 0,
    since: now,
    until: Math.max(now, Date.parse(request.expiresAt)) + WATCHED_AFTER_EXPIRY_MS,
  };
}

export interface Change {
  readonly reported: ReportedState;
  /** In chronological order. */
  readonly messages: readonly Message[];
}

/** Compares a read with the reported state. Undefined if nothing has changed, or if the read is older. */
export function detectChange(
  key: RequestKey,
  reported: ReportedState,
  request: SignatureRequest,
  now: number,
): Change | undefined {
  const updatedAt = Date.parse(request.updatedAt);
  if (request.status === 'DRAFT' || updatedAt < reported.updatedAt) return undefined;
  const hasNewStatus = request.status !== reported.status;
  const isNotified = reported.isNotified || request.notification !== undefined;
  const types = [
    ...(hasNewStatus ? [typeOf(request.status)] : []),
    ...(isNotified && !reported.isNotified ? [NOTIFICATION_SENT] : []),
  ];
  if (types.length === 0) return undefined;
  if (isFinal(request)) types.reverse(); // a notification precedes a final status
  const messages = types.map((type) => messageOf(key, type, request, now));
  return { reported: { ...reported, status: request.status, isNotified, updatedAt, since: now }, messages };
}

function messageOf(key: RequestKey, type: string, request: SignatureRequest, now: number): Message {
  const isOfStatus = type === typeOf(request.status);
  const happenedAt = isOfStatus ? (request.signedAt ?? request.rejectedAt ?? request.cancelledAt) : undefined;
  // Ids and statuses only: titles, URLs and reasons may be personal data.
  const data = {
    id: request.id,
    dossierId: request.dossierId,
    signerId: request.signerId,
    status: request.status,
    documents: request.documents.map(({ id, status }) => ({ id, status })),
  };
  const timestamp = happenedAt ?? new Date(now).toISOString();
  return {
    id: messageId(key, type),
    type,
    body: JSON.stringify({ type, timestamp, data }),
    at: now,
    attempts: 0,
  };
}

/** A request has each event at most once, so that its type identifies it. */
function messageId({ tenant = '', id }: RequestKey, type: string): string {
  const hash = createHash('sha256').update(JSON.stringify([tenant, id, type]));
  return `msg_${hash.digest('base64url').slice(0, 32)}`;
}

/*
 * The text form of keys, states and messages in a store.
 */
const state = z.object({
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

export const writeState = (value: ReportedState): string => JSON.stringify(value);
export const readState = (text: string): ReportedState | undefined => read(state, text);
export const writeMessage = (value: Message): string => JSON.stringify(value);
export const readMessage = (text: string): Message | undefined => read(message, text);
export const writeKey = ({ tenant, id }: RequestKey): string => JSON.stringify([tenant ?? null, id]);
export function readKey(text: string): RequestKey | undefined {
  const [tenant, id] = read(key, text) ?? [];
  return id === undefined ? undefined : { tenant: tenant ?? undefined, id };
}

/** Undefined for text in another format, such as that of an incompatible release. */
function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
