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
  /** Additional lines of its configuration. */
  readonly settings?: Settings;
  /** Requires a password, also from the client of the test. */
  readonly password?: string | undefined;
  /** Accepts TLS only, without client certificates. */
  readonly certificate?: Certificate | undefined;
  readonly port?: number;
}

/**
 * A real Redis, from Debian's package `redis-server`, on a free port. It stops with the test. Its data survives a crash, as
 * in a production with persistence.
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
    /** For commands of an operator, and to inspect the data. */
    client,
    /** A crash: connections break, and the port is closed until `start`. */
    kill: () => end(child),
    /** Starts it again at the same address with its data. */
    async start(): Promise<void> {
      child = await spawnRedis(args);
    },
    /** A hanging machine: it accepts connections and answers nothing until `thaw`. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

/** The server may be killed, and this client with it. */
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

/** Starts one and waits until it prints `readyLine`, by default that it accepts connections. */
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
    // The output is read to the end, because it writes again when it stops.
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

/** A free port: for Redis 0 does not mean a free one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
