import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A real Redis, of Debian's package `redis-server`, on a free port. It ends with the test. What it was told survives a
 * crash, as in a production that keeps its data.
 */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-redis-'));
  const port = await freePort();
  let child = await spawnRedis(port, folder);
  onTestFinished(async () => {
    await end(child);
    rmSync(folder, { recursive: true });
  });
  return {
    url: new URL(`redis://127.0.0.1:${port}`),
    /** As a crash or a pulled cable: connections break, and nobody answers until `start`. */
    kill: () => end(child),
    /** Again, at the same address, with the data that it had. */
    async start(): Promise<void> {
      child = await spawnRedis(port, folder);
    },
    /** It takes connections and answers nothing until `thaw`, as a machine that hangs. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

async function spawnRedis(port: number, folder: string): Promise<ChildProcess> {
  const { REDIS_SERVER = 'redis-server' } = process.env;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn(REDIS_SERVER, [...args, '--appendonly', 'yes', '--appendfsync', 'always'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { stdout } = child;
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Redis did not start: ${output}`)));
    // Read to the end: it writes again when it stops.
    stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Redis takes no port 0 to mean a free one. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
