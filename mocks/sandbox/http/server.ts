import { once } from 'node:events';
import { createServer } from 'node:http';
import { ApiManagement, SERVICE_RATE_LIMIT } from './api-management.ts';
import type { RateLimit } from './api-management.ts';
import { API_BASE, Api } from './api.ts';
import { ControlApi } from '../control/control.ts';
import { createControls } from '../control/controls.ts';
import type { Controls } from '../control/controls.ts';
import { onBlobUploaded } from '../model/documents.ts';
import { CallJournal } from '../journal/journal.ts';
import { PROFILES } from '../model/profile.ts';
import type { ProfileName } from '../model/profile.ts';
import { Recorder } from '../journal/recorder.ts';
import type { SandboxLogger } from '../journal/recorder.ts';
import { answerRequest } from './router.ts';
import type { Routes } from './router.ts';
import { StorageRoute } from './storage-route.ts';
import type { StorageActivity } from './storage-route.ts';
import { BlobService } from '../storage/blob-service.ts';
import type { StoredBlob } from '../storage/blob-store.ts';
import { UPLOADED_DOCUMENTS } from '../storage/containers.ts';
import { SandboxWorld } from '../model/sandbox-world.ts';

export interface SandboxOptions {
  /** Port to listen on; 0 is any free port. @default 0 */
  readonly port?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /**
   * Factor of all delays while the clock runs: 1 as long as in the service, 0.1 a tenth.
   * @default 0.1, with which READY becomes WAIT_FOR_SIGNATURE in about a second
   */
  readonly timeScale?: number;
  /** Starts with the clock frozen at this time. `clock` advances or resumes it. */
  readonly frozenAt?: Date;
  /** Seed of ids, signatures and random decisions. With `frozenAt`, runs are byte-for-byte identical. */
  readonly seed?: number;
  /**
   * Which source to follow where they differ: the running service, or its published document.
   * @default 'implemented'
   */
  readonly profile?: ProfileName;
  /** Accepted API keys. @default every non-empty key */
  readonly apiKeys?: readonly string[];
  /** Rate limit per key, or false for no limit. @default 150 calls in 5 s, as in the service */
  readonly rateLimit?: RateLimit | false;
  /** Receives warnings. @default no warnings */
  readonly logger?: SandboxLogger;
}

/** A running sandbox. Sandboxes of one process share only the parsed contract. */
export interface Sandbox extends Controls {
  /** Base URL of the Issuer API, without a trailing slash: `http://127.0.0.1:<port>/api/v1/sign`. */
  readonly url: string;
  /** Scheme, host and port. The storage and the QR codes have the same origin. */
  readonly origin: string;
  readonly port: number;
  /** Committed blobs in the storage, without uncommitted blocks. */
  storedBlobs(): StoredBlob[];
  storageActivity(): StorageActivity;
  /**
   * Releases the port and all connections, threads and timers.
   * @throws Error listing contract violations that were not taken, or bugs in the sandbox
   */
  close(): Promise<void>;
}

/** Longer than the idle timeout of clients, so that no connection closes while a client reuses it. */
const KEEP_ALIVE_MS = 65_000;

/** Starts a stateful replacement of Firma con IO. It listens when the promise resolves. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1' } = options;
  const recorder = new Recorder(options.logger);
  const world = createWorld(options, recorder);
  const journal = new CallJournal(() => world.clock.now());
  const controls = createControls(world, journal, recorder);
  const blobs = new BlobService({
    world,
    onCommit(container, name) {
      if (container === UPLOADED_DOCUMENTS) onBlobUploaded(world, name);
    },
  });
  const storage = new StorageRoute({ world, storage: blobs, journal });
  const gateway = new ApiManagement(world, options.rateLimit ?? SERVICE_RATE_LIMIT);
  const api = await Api.create({ world, recorder, gateway });
  const control = new ControlApi(controls, (error) => recorder.recordBug(error));
  const routes: Routes = { world, api, storage, control, recorder, journal };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
    answerRequest(routes, request, response),
  );
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
  let closed = false;

  return {
    url: `${origin}${API_BASE}`,
    origin,
    port: actualPort,
    ...controls,
    storedBlobs: () => world.blobs.list(),
    storageActivity: () => storage.activity(),
    async close() {
      if (closed) return;
      closed = true;
      const ended = once(server, 'close');
      server.close();
      server.closeAllConnections();
      journal.close();
      await Promise.all([ended, world.pdfs.close(), world.clock.stop()]);
      recorder.throwIfFaulty();
    },
  };
}

function createWorld(options: SandboxOptions, recorder: Recorder): SandboxWorld {
  return new SandboxWorld({
    profile: PROFILES[options.profile ?? 'implemented'],
    timeScale: options.timeScale ?? 0.1,
    frozenAt: options.frozenAt?.getTime(),
    seed: options.seed,
    apiKeys: options.apiKeys,
    onBug: (error) => recorder.recordBug(error),
  });
}
