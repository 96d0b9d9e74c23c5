import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import { replacesResponse, storageFaultAnswer } from '../faults/injected-answer.ts';
import type { CallJournal } from '../journal/journal.ts';
import { serve } from './serve.ts';
import type { ProcessedCall } from './serve.ts';
import { digestOf, discardBody } from '../storage/blob-body.ts';
import { storageOperation } from '../storage/blob-service.ts';
import type { BlobService } from '../storage/blob-service.ts';
import { pause } from './wire-answer.ts';
import type { World } from '../model/world.ts';

export interface StorageActivity {
  /** Writes whose body is still being received. */
  readonly putsInFlight: number;
  /** Open connections that have been used for the storage. */
  readonly openConnections: number;
}

export interface StorageRouteOptions {
  readonly world: World;
  readonly storage: BlobService;
  readonly journal: CallJournal;
}

/** Serves calls to the storage, with their faults. */
export class StorageRoute {
  readonly #options: StorageRouteOptions;
  readonly #connections = new Set<Socket>();
  #putsInFlight = 0;

  constructor(options: StorageRouteOptions) {
    this.#options = options;
  }

  activity(): StorageActivity {
    return { putsInFlight: this.#putsInFlight, openConnections: this.#connections.size };
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    this.#register(request.socket);
    const writes = request.method === 'PUT' ? 1 : 0;
    this.#putsInFlight += writes;
    const { journal } = this.#options;
    const operationId = storageOperation(request, url);
    try {
      await serve(request, response, { journal, url, operationId }, (disconnected) =>
        this.#process(request, url, operationId, disconnected),
      );
    } finally {
      this.#putsInFlight -= writes;
    }
  }

  #register(socket: Socket): void {
    if (this.#connections.has(socket)) return;
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }

  async #process(
    request: IncomingMessage,
    url: URL,
    operationId: string | undefined,
    disconnected: AbortSignal,
  ): Promise<ProcessedCall> {
    const { world, storage } = this.#options;
    const headerFaults = parseFaultHeader(request.headers[FAULT_HEADER]?.toString(), operationId);
    const fired = operationId === undefined ? undefined : world.faults.fire(operationId, headerFaults);
    const { ids = [], delayMs = 0, fault } = fired ?? {};
    await pause(delayMs, disconnected);
    const processed = { operationId, fault, violations: { request: [], response: [] } };
    if (disconnected.aborted) return { ...processed, answer: undefined, faults: ids, requestBody: undefined };
    if (replacesResponse(fault)) {
      if (fault.kind !== 'reset') await discardBody(request);
      const answer = storageFaultAnswer(fault, world);
      return { ...processed, answer, faults: ids, requestBody: digestOf(request) };
    }
    const behaviourIds: string[] = [];
    const { status, headers, body } = await world.faults.recordBehaviours(behaviourIds, () =>
      storage.handle(request, url),
    );
    return {
      ...processed,
      answer: { status, headers, body },
      isFile: operationId === 'getBlob' && status < 300,
      faults: [...ids, ...behaviourIds],
      requestBody: digestOf(request),
    };
  }
}
