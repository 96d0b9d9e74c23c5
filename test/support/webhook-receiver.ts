import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { WebhookEndpoint } from '../../src/webhooks/endpoints.ts';
import { readSecret } from '../../src/webhooks/endpoints.ts';
import { startHttpStub } from './http-stub.ts';

export const SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
export const OTHER_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export interface ReceivedEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly dossierId: string;
    readonly signerId: string;
    readonly status: string;
    readonly documents: readonly { readonly id: string; readonly status: string }[];
  };
}

/** Deliveries with a valid signature, in order of arrival. */
export interface Received {
  readonly id: string;
  /** In seconds since 1970. */
  readonly timestamp: number;
  readonly event: ReceivedEvent;
  readonly body: string;
}

/** Answers the nth attempt, from 1. */
export type ReceiverAnswer = (received: Received, res: ServerResponse, nth: number) => void;

export const ok: ReceiverAnswer = (_, res) => void res.writeHead(204).end();
export const refuse =
  (status: number, headers: Readonly<Record<string, string>> = {}): ReceiverAnswer =>
  (_, res) =>
    void res.writeHead(status, headers).end('a private reason');

/** A receiver that checks signatures with the library of Standard Webhooks; a wrong one is answered with 400. */
export async function startReceiver(answer: ReceiverAnswer = ok, secret = SECRET) {
  const received: Received[] = [];
  const wrong: unknown[] = [];
  const webhook = new Webhook(secret);
  const stub = await startHttpStub(({ headers, body }, res) => {
    try {
      const text = body.toString();
      const event = webhook.verify(text, headers as Record<string, string>) as ReceivedEvent;
      const one = {
        id: String(headers['webhook-id']),
        timestamp: Number(headers['webhook-timestamp']),
        event,
        body: text,
      };
      received.push(one);
      answer(one, res, received.length);
    } catch (error) {
      wrong.push(error);
      res.writeHead(400).end();
    }
  });
  const url = new URL('/hooks/path-that-is-secret?token=hush', stub.origin);
  return {
    ...stub,
    url,
    received,
    /** Attempts with an invalid signature, and failed handlers. */
    wrong,
    types: (): string[] => received.map(typeOf),
    /** The deliveries of one request, in order. */
    typesOf: (id: string): string[] => received.filter(({ event }) => event.data.id === id).map(typeOf),
  };
}

const typeOf = ({ event }: Received): string => event.type.replace('io.sign.signature_request.', '');

export function endpointAt(
  url: URL,
  overrides: Partial<WebhookEndpoint> & { secret?: string } = {},
): WebhookEndpoint {
  const { secret = SECRET, ...rest } = overrides;
  const key = readSecret(secret);
  expect(key).toBeDefined();
  if (key === undefined) throw new TypeError('no secret');
  return { id: `endpoint-${url.port}`, position: 1, url, secrets: [key], tenant: undefined, ...rest };
}
