import { parentPort, workerData } from 'node:worker_threads';

/**
 * The inspections of `inspect.ts` that run beside queries, in a thread of their own, so that sending them does not delay the
 * queries that the benchmark times. Sends ten at once for each message, and a message when all are answered.
 */
const { url, ...request } = workerData as { readonly url: string } & RequestInit;
parentPort?.on('message', () => {
  const inspections = Array.from({ length: 10 }, async () => await (await fetch(url, request)).text());
  void Promise.all(inspections).then((answers) => parentPort?.postMessage(answers));
});
