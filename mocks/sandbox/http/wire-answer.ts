import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlteringFault } from '../faults/fault.ts';

/** A response as it is sent. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer | string | undefined;
}

/** How a call ended: with a response, with a connection reset by a fault, or aborted by the client. */
export type CallOutcome = 'answered' | 'reset' | 'aborted';

export interface Delivery {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The fault that affects the transmission of the response. */
  readonly fault: AlteringFault | undefined;
  /** Aborted when the client has disconnected. */
  readonly disconnected: AbortSignal;
  /** Called with the end of the call, just before the client can notice it. */
  readonly onEnd: (outcome: CallOutcome) => void;
}

/** Number of pieces of a slow body. */
const PIECES = 10;

/** Sends a response subject to its fault. */
export async function deliver(answer: WireAnswer, delivery: Delivery): Promise<void> {
  const { request, response, fault, onEnd } = delivery;
  switch (fault?.kind) {
    case 'reset':
      return fault.when === 'after' ? resetConnection(delivery) : resetInTheMiddle(answer, delivery);
    case 'slow-body':
      return sendSlowly(answer, fault.ms, delivery);
    default:
      onEnd('answered');
      send(request, response, answer);
  }
}

/** Sends a response unchanged. */
export function send(request: IncomingMessage, response: ServerResponse, answer: WireAnswer): void {
  writeHead(response, answer);
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

/** Resets the connection of a call. */
export function resetConnection({ request, onEnd }: Pick<Delivery, 'request' | 'onEnd'>): void {
  onEnd('reset');
  request.socket.resetAndDestroy();
}

/** Waits for this much real time, or until the client disconnects. */
export async function pause(ms: number, disconnected: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await sleep(ms, undefined, { signal: disconnected }).catch((error: unknown) => {
    if (!disconnected.aborted) throw error;
  });
}

async function resetInTheMiddle(answer: WireAnswer, { request, response, onEnd }: Delivery): Promise<void> {
  const { socket } = request;
  const body = Buffer.from(answer.body ?? '');
  // No reset packet, which could overtake the data: the client must receive this half.
  await new Promise<unknown>((resolve) => {
    if (body.length === 0) {
      socket.write('HTTP/1.1 2', resolve);
    } else {
      writeHead(response, answer);
      response.write(body.subarray(0, Math.ceil(body.length / 2)), resolve);
    }
  });
  onEnd('reset');
  socket.destroy();
}

async function sendSlowly(
  answer: WireAnswer,
  ms: number,
  { request, response, disconnected, onEnd }: Delivery,
): Promise<void> {
  const body = Buffer.from(request.method === 'HEAD' ? '' : (answer.body ?? ''));
  if (body.length > 0) {
    writeHead(response, answer);
    response.flushHeaders();
  }
  const size = Math.max(1, Math.ceil(body.length / PIECES));
  const pieces = Math.max(1, Math.ceil(body.length / size));
  for (let piece = 1; piece <= pieces; piece += 1) {
    await pause(ms / pieces, disconnected);
    if (disconnected.aborted) return onEnd('aborted');
    if (piece < pieces) response.write(body.subarray((piece - 1) * size, piece * size));
  }
  onEnd('answered');
  if (body.length === 0) writeHead(response, answer);
  response.end(body.length === 0 ? undefined : body.subarray((pieces - 1) * size));
}

function writeHead(response: ServerResponse, { status, headers, body }: WireAnswer): void {
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body ?? '') };
  response.writeHead(status, { ...length, ...headers });
}
