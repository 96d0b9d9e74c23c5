import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

const reportRules = z.object({
  /** Open connections of the process, from clients and to the service. */
  sockets: z.number(),
  /** See `support-probe.ts`. */
  longestBlockMs: z.number(),
});
type Report = z.infer<typeof reportRules>;

const lineRules = z.object({ level: z.number(), msg: z.string() });
const ERROR_LEVEL = 50;

/**
 * The gateway as `npm start` runs it, in its own process, so that a crash is detected and a block does not stop the tests.
 */
export interface GatewayProcess {
  readonly url: URL;
  /** Its state; the counters restart at zero. */
  report(): Promise<Report>;
  /** Log lines of level error or above, and all of stderr: warnings of Node, stacks of a crash. */
  complaints(): readonly string[];
  /** The reason of its exit. */
  readonly death: () => string | undefined;
  stop(): Promise<void>;
}

export async function startGatewayProcess(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ['--import', './test/fuzz/support-probe.ts', 'src/main.ts'], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError('the child process has no pipes');
  const complaints: string[] = [];
  const listening = Promise.withResolvers<string>();
  let death: string | undefined;
  child.once('exit', (code, signal) => {
    death = `the gateway has exited: code ${code}, signal ${signal}\n${complaints.join('\n')}`;
    listening.reject(new Error(death));
  });
  stderr.on('data', (text) => complaints.push(String(text)));

  let rest = '';
  stdout.on('data', (text) => {
    const lines = `${rest}${String(text)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const address = /^Sigillo: .*?(http:\S+?)[;\s]/.exec(line)?.[1];
      if (address !== undefined) listening.resolve(address);
      else if (lineRules.parse(JSON.parse(line)).level >= ERROR_LEVEL) complaints.push(line);
    }
  });

  const url = new URL((await listening.promise).replace('localhost', '127.0.0.1'));
  return {
    url,
    async report() {
      if (death !== undefined) throw new Error(death);
      child.send('report');
      const [message]: unknown[] = await once(child, 'message');
      return reportRules.parse(message);
    },
    complaints: () => complaints,
    death: () => death,
    async stop() {
      if (death !== undefined) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}
