import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { contractPath } from './support-contract.ts';

/** A running `npm run mock`, on a port of its own. */
export interface PrismMock {
  url: string;
  close(): Promise<void>;
}

/** Starts Prism's CLI on the contract and resolves once it accepts calls. */
export async function startPrismMock(): Promise<PrismMock> {
  // The script itself, run by the Node of the tests: the machine's own may be too old for Prism.
  const cli = 'node_modules/@stoplight/prism-cli/dist/index.js';
  const prism = spawn(process.execPath, [cli, 'mock', contractPath, '-p', '0', '-v', 'info'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(prism, 'exit');
  let errors = '';
  prism.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));

  const url = await new Promise<string>((resolve, reject) => {
    // Prism goes on to log every call; the lines are read to the end so that its pipe never fills.
    createInterface(prism.stdout).on('line', (line) => {
      const address = /Prism is listening on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    prism.on('exit', (code) =>
      reject(new Error(`Prism ended with code ${code} before it listened: ${errors}`)),
    );
  });

  return {
    url,
    async close() {
      prism.kill();
      await exited;
    },
  };
}
