import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

type Settings = Readonly<Record<string, string | readonly string[]>>;

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface ServerOptions {
  /** Lines of its configuration. */
  readonly settings?: Settings;
  /** Locks it, for the client of the test as for others. */
  readonly password?: string | undefined;
  /** It speaks TLS alone, and asks clients for no certificate. */
  readonly certificate?: Certificate | undefined;
  readonly port?: number;
}

/**
 * A real Redis, of Debian's package `redis-server`, on a free port. It ends with the test. What it was told survives a
 * crash, as in a production that keeps its data.
 */
export async function startRedis({ settings, password, certificate, port: given }: ServerOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-redis-'));
  const port = given ?? (await freePort());
  const args = argsOf({
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    ...(password !== undefined && { requirepass: password }),
    ...(certificate && tlsSettings(certificate, port)),
    ...settings,
  });
  let child = await spawnRedis(args);
  const client = clientOf(port, { certificate, password });
  onTestFinished(async () => {
    client.disconnect();
    await end(child);
    rmSync(folder, { recursive: true });
  });
  return {
    url: new URL(`redis://127.0.0.1:${port}`),
    port,
    /** For what an operator does to it, and to look at what it holds. */
    client,
    /** As a crash or a pulled cable: connections break, and nobody answers until `start`. */
    kill: () => end(child),
    /** Again, at the same address, with the data that it had. */
    async start(): Promise<void> {
      child = await spawnRedis(args);
    },
    /** It takes connections and answers nothing until `thaw`, as a machine that hangs. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

/** What it connects to may be killed, and it with it. */
export function clientOf(
  port: number,
  { certificate, password }: Pick<ServerOptions, 'certificate' | 'password'>,
) {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    ...(password !== undefined && { password }),
    ...(certificate && { tls: { checkServerIdentity: () => undefined } }),
  });
  client.on('error', () => {});
  return client;
}

export const tlsSettings = ({ key, cert }: Certificate, port: number) => ({
  port: '0',
  'tls-port': String(port),
  'tls-key-file': key,
  'tls-cert-file': cert,
  'tls-ca-cert-file': cert,
  'tls-auth-clients': 'no',
  'tls-replication': 'yes',
  'tls-cluster': 'yes',
});

const argsOf = (settings: Settings): string[] =>
  Object.entries(settings).flatMap(([name, value]) => [
    `--${name}`,
    ...(typeof value === 'string' ? [value] : value),
  ]);

/** Runs one until it takes connections, or until it has said `readyLine`. */
export async function spawnRedis(
  args: readonly string[],
  readyLine = 'Ready to accept connections',
): Promise<ChildProcess> {
  const { REDIS_SERVER = 'redis-server' } = process.env;
  const child = spawn(REDIS_SERVER, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Redis did not start: ${output}`)));
    // Read to the end: it writes again when it stops.
    stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes(readyLine)) resolve();
    });
  });
  return child;
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Redis takes no port 0 to mean a free one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
