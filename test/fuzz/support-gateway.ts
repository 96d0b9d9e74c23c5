import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

const reportRules = z.object({
  /** Connections of the process that are open, from clients and to the service. */
  sockets: z.number(),
  /** See `support-probe.ts`. */
  longestBlockMs: z.number(),
});
type Report = z.infer<typeof reportRules>;

const lineRules = z.object({ level: z.number(), msg: z.string() });
const ERROR_LEVEL = 50;

/** The gateway as `npm start` runs it, in a process of its own, so that a crash is one and a block stops nobody else. */
export interface GatewayProcess {
  readonly url: URL;
  /** What it says of itself; what it counts begins anew. */
  report(): Promise<Report>;
  /** What it has logged as an error or worse, and all of stderr: warnings of Node, stacks of a crash. */
  complaints(): readonly string[];
  /** Why it is no longer there. */
  readonly death: () => string | undefined;
  stop(): Promise<void>;
}

export async function startGatewayProcess(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ['--import', './test/fuzz/support-probe.ts', 'src/main.ts'], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError('a child without the pipes that it was given');
  const complaints: string[] = [];
  const listening = Promise.withResolvers<string>();
  let death: string | undefined;
  child.once('exit', (code, signal) => {
    death = `the gateway has ended: code ${code}, signal ${signal}\n${complaints.join('\n')}`;
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
