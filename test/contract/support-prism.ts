import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { contractPath } from './support-contract.ts';

/** A running mock of the contract on a free port. */
export interface PrismMock {
  url: string;
  close(): Promise<void>;
}

// The scripts run on the Node of the tests, because that of the machine may be too old for Prism.
const PRISM_CLI = ['node_modules/@stoplight/prism-cli/dist/index.js', 'mock', contractPath, '-v', 'info'];
const NPM_RUN_MOCK = ['scripts/mock.ts'];

/** Prism's own command, and `npm run mock`, which uses its engine. */
export const MOCKS = { "Prism's CLI": PRISM_CLI, 'npm run mock': NPM_RUN_MOCK } as const;

/** Starts a mock of the contract and resolves once it accepts calls. */
export async function startPrismMock(name: keyof typeof MOCKS): Promise<PrismMock> {
  const prism = spawn(process.execPath, [...MOCKS[name], '-p', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(prism, 'exit');
  let errors = '';
  prism.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));

  const url = await new Promise<string>((resolve, reject) => {
    // Prism logs every call; the output is read to the end so that its pipe never fills.
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
