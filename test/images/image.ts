import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
// Neither a daemon nor a kernel feature of overlays is needed.
const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' };
const buildah = async (...args: string[]): Promise<string> =>
  (await run('buildah', args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();

const imageRules = z.object({
  Docker: z.object({
    config: z.object({
      User: z.string(),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      WorkingDir: z.string(),
      StopSignal: z.string().optional(),
      Labels: z.record(z.string(), z.string()),
      ExposedPorts: z.record(z.string(), z.unknown()),
      Healthcheck: z.object({ Test: z.array(z.string()) }),
    }),
  }),
});

export type Image = Awaited<ReturnType<typeof buildImage>>;

/** Builds a target of the Containerfile, and mounts its root file system. */
export async function buildImage(target: 'gateway' | 'sandbox') {
  const name = `localhost/sigillo-test-${target}`;
  const npmrc = join(homedir(), '.npmrc');
  const secret = existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : [];
  await buildah('build', '--layers', '--format', 'docker', ...secret, '--target', target, '--tag', name, '.');
  const { config } = imageRules.parse(JSON.parse(await buildah('inspect', '--type', 'image', name))).Docker;
  const container = await buildah('from', name);
  const root = await buildah('mount', container);
  return {
    config,
    root,
    /** Runs a command in the container until it ends. */
    exec: (command: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
      run('unshare', sandboxed({ root, config }, command, variables)),
    /** Starts the container with its entry point and these arguments. */
    start: (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
      startContainer(sandboxed({ root, config }, [...config.Entrypoint, ...args], variables)),
    async remove(): Promise<void> {
      await buildah('rm', container);
      await buildah('rmi', name);
    },
  };
}

/**
 * Arguments of unshare(1) that run a command as a container engine does: as the user of the image, on its root file system,
 * which is read-only, with its variables and no others. The network is that of the machine.
 */
function sandboxed(
  { root, config }: { root: string; config: z.infer<typeof imageRules>['Docker']['config'] },
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): string[] {
  const settings = [...config.Env, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && mount -t proc proc "$1/proc" && shift &&
    exec chroot --userspec="$1" "$0" env --ignore-environment --chdir="$2" "\${@:3}"`;
  const options = ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', script, root];
  return [...options, root, config.User, config.WorkingDir, ...settings, ...command];
}

async function startContainer(args: readonly string[]) {
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const closed = once(child, 'close');
  return {
    /** The first match in its output. */
    async printed(pattern: RegExp): Promise<string> {
      for (;;) {
        const [, found] = pattern.exec(printed) ?? [];
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`The container ended: ${printed}`);
        await Promise.race([once(child.stdout, 'data'), closed]);
      }
    },
    /** Sends SIGTERM to process 1 of the container, as an engine does. @returns its exit code */
    async stop(): Promise<number | null> {
      const { stdout } = await run('pgrep', ['--parent', String(child.pid)]);
      process.kill(Number(stdout), 'SIGTERM');
      await closed;
      return child.exitCode;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
