import { once } from 'node:events';
import { createServer } from 'node:http';
import { SERVICE_RATE_LIMIT, createApiManagement } from './api-management.ts';
import type { RateLimit } from './api-management.ts';
import { API_BASE, createApi } from './api.ts';
import { createControl } from '../control/control.ts';
import type { Controls } from '../control/controls.ts';
import { createCitizen } from '../model/citizen.ts';
import { onBlobUploaded } from '../model/documents.ts';
import { createFront } from './front.ts';
import type { StorageActivity } from './front.ts';
import { createJournal } from '../journal/journal.ts';
import { PROFILES } from '../model/profile.ts';
import type { ProfileName } from '../model/profile.ts';
import { createRecorder } from '../journal/recorder.ts';
import type { SandboxLogger } from '../journal/recorder.ts';
import { createBlobService } from '../storage/blob-service.ts';
import type { StoredBlob } from '../storage/blob-store.ts';
import { UPLOADED_DOCUMENTS } from '../storage/containers.ts';
import { seed } from '../data/seed.ts';
import { createWorld } from '../model/create-world.ts';

export interface SandboxOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /**
   * How long the service's delays last here while time runs: 1 as long as there, 0.1 a tenth.
   * @default 0.1, a flow takes about a second
   */
  readonly timeScale?: number;
  /** Starts with time standing still at this moment; `clock` moves it. */
  readonly frozenAt?: Date;
  /** With `frozenAt`, makes a run repeat byte for byte: identifiers, signatures and chance follow from it. */
  readonly seed?: number;
  /**
   * What to do where the running service differs from what is published about it: as the service does, or as published.
   * @default 'implemented'
   */
  readonly profile?: ProfileName;
  /** Keys that are let in. @default every key that is not empty */
  readonly apiKeys?: readonly string[];
  /** Calls per key, or false for no limit. @default 150 in 5 s, as the service */
  readonly rateLimit?: RateLimit | false;
  /** Where warnings go. @default nowhere */
  readonly logger?: SandboxLogger;
}

/** A running sandbox. Sandboxes of one process share nothing but the parsed contract. */
export interface Sandbox extends Controls {
  /** Base of the Issuer API, without a slash at the end: `http://127.0.0.1:<port>/api/v1/sign`. */
  readonly url: string;
  /** Scheme, host and port: the storage and the QR codes are below it too. */
  readonly origin: string;
  readonly port: number;
  /** What is in the storage: blobs that were committed, not blocks. */
  storedBlobs(): StoredBlob[];
  storageActivity(): StorageActivity;
  /**
   * Frees the port, every connection, thread and timer.
   * @throws Error listing breaches of the contract that nobody took, or bugs of the sandbox
   */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, so that none is cut while it is being reused. */
const KEEP_ALIVE_MS = 65_000;

/** Starts a stateful stand-in for Firma con IO. It listens when the promise resolves. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', timeScale = 0.1 } = options;
  const recorder = createRecorder(options.logger);
  const world = createWorld({
    profile: PROFILES[options.profile ?? 'implemented'],
    timeScale,
    frozenAt: options.frozenAt?.getTime(),
    seed: options.seed,
    apiKeys: options.apiKeys,
    onBug: recorder.bug,
  });
  const admit = createApiManagement(world, options.rateLimit ?? SERVICE_RATE_LIMIT);
  const journal = createJournal(world.clock.now);
  const controls: Controls = {
    clock: world.clock,
    reset() {
      world.reset();
      journal.clear();
    },
    seed: (input) => seed(world, input),
    snapshot: world.snapshot,
    restore: world.restore,
    citizen: createCitizen(world),
    faults: world.faults,
    journal,
    violations: recorder.violations,
    takeViolations: recorder.takeViolations,
  };
  const front = createFront({
    world,
    recorder,
    journal,
    control: createControl(controls, recorder.bug),
    api: await createApi({ world, recorder, admit }),
    storage: createBlobService({
      world,
      onCommit(container, name) {
        if (container === UPLOADED_DOCUMENTS) onBlobUploaded(world, name);
      },
    }),
  });

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, front.listener);
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
    storageActivity: front.storageActivity,
    async close() {
      if (closed) return;
      closed = true;
      const ended = once(server, 'close');
      server.close();
      server.closeAllConnections();
      journal.close();
      await Promise.all([ended, world.pdfs.close(), world.clock.stop()]);
      recorder.complain();
    },
  };
}
