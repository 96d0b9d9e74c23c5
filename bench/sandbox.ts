import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startSandbox } from '../mocks/sandbox/http/server.ts';
import { median, validationCosts } from './sandbox-validation.ts';

/*
 * Measures the sandbox: time to start, memory and time per operation with 10,000 signature requests and Prism's validation,
 * the cost of that validation, and leaks after 200 sandboxes were started and stopped. It asserts nothing. About 40 s.
 *
 *   npm run bench:sandbox
 */
const REQUESTS = 10_000;
const CALLS = 200;
const SANDBOXES = 200;
const STARTS = 5;
const MIB = 1024 * 1024;
const TARGET_RSS_MIB = 300;
const TARGET_MEDIAN_MS = 10;
const TARGET_START_MS = 2_000;

interface Memory {
  readonly rss: number;
  readonly collected: number;
  readonly heapUsed: number;
}

/** From the command to the line with its URL. */
async function timeToStart(): Promise<number> {
  const main = fileURLToPath(new URL('../mocks/sandbox/main.ts', import.meta.url));
  const before = performance.now();
  const starting = spawn(process.execPath, [main, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(starting.stdout, 'data');
  const taken = performance.now() - before;
  starting.kill();
  await once(starting, 'exit');
  return taken;
}
const starts: number[] = [];
for (let count = 0; count < STARTS; count += 1) starts.push(await timeToStart());
console.log(
  `ready after ${median(starts).toFixed(0)} ms at the median of ${STARTS} starts, ${Math.max(...starts).toFixed(0)} ms at most   (target: < ${TARGET_START_MS})`,
);

const child = fork(new URL('sandbox-process.ts', import.meta.url));
async function ask<T>(): Promise<T> {
  // Sent by sandbox-process.ts.
  const [message] = (await once(child, 'message')) as [T];
  return message;
}
const { origin, startCpuMs } = await ask<{ origin: string; startCpuMs: number }>();
console.log(
  `  ${startCpuMs.toFixed(0)} ms of processor time for startSandbox() in a new process, with Node's own start\n`,
);
const base = `${origin}/api/v1/sign`;

function memory(): Promise<Memory> {
  child.send('memory');
  return ask<Memory>();
}

async function call(
  method: string,
  path: string,
  body?: BodyInit,
  type = 'application/json',
): Promise<unknown> {
  const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
    method,
    headers: {
      'ocp-apim-subscription-key': 'bench',
      'x-ms-blob-type': 'BlockBlob',
      ...(typeof body === 'string' && { 'content-type': type }),
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text;
}

const idOf = (body: unknown): string => String(Object(body).id);

const idle = await memory();
const dossierId = idOf(
  await call(
    'POST',
    '/dossiers',
    JSON.stringify({
      title: 'Assunzione',
      documents_metadata: [{ title: 'Contratto' }, { title: 'Informativa' }],
    }),
  ),
);
const create = () =>
  call('POST', '/signature-requests', JSON.stringify({ dossier_id: dossierId, signer_id: 'signer' }));

const startedAt = performance.now();
const ids: string[] = [];
await Promise.all(
  Array.from({ length: 8 }, async () => {
    while (ids.length < REQUESTS) ids.push(idOf(await create()));
  }),
);
const seconds = (performance.now() - startedAt) / 1000;
const full = await memory();
const mib = (bytes: number): string => (bytes / MIB).toFixed(0).padStart(5);
console.log(`${REQUESTS} requests created over HTTP in ${seconds.toFixed(1)} s`);
console.log(`  MiB              idle  then  after collection   target`);
console.log(
  `  resident        ${mib(idle.rss)} ${mib(full.rss)} ${mib(full.collected).padStart(17)}    < ${TARGET_RSS_MIB}${full.rss < TARGET_RSS_MIB * MIB ? '' : '   FAIL'}`,
);
console.log(`  of it heap      ${mib(idle.heapUsed)}       ${mib(full.heapUsed).padStart(17)}`);

const pdf = await readFile(new URL('../examples/contratto.pdf', import.meta.url));
function multipart(): FormData {
  const form = new FormData();
  form.append('document', new Blob([pdf], { type: 'application/pdf' }), 'a.pdf');
  return form;
}
async function times(task: (index: number) => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < CALLS; index += 1) {
    const before = performance.now();
    await task(index);
    taken.push(performance.now() - before);
  }
  return taken.toSorted((a, b) => a - b);
}

const at = (index: number): string => ids[index % ids.length] ?? '';
const request = Object(await call('GET', `/signature-requests/${at(0)}`));
const documentId = idOf(request.documents[0]);
const uploadPath = `/signature-requests/${at(0)}/documents/${documentId}/upload_url`;
const uploadUrl = String(await call('GET', uploadPath));
const [signedId, ...waitingIds]: string[] = Object(
  await call(
    'POST',
    `${origin}/_sandbox/seed`,
    JSON.stringify({ requests: [{ status: 'SIGNED' }, { count: CALLS, status: 'WAIT_FOR_SIGNATURE' }] }),
  ),
).requests.map(idOf);
const signed = Object(await call('GET', `/signature-requests/${signedId}`));
const downloadUrl = String(signed.documents[0].url);
const BLOCK_ID = 'AAAA';
const BLOCK_LIST = `<BlockList><Latest>${BLOCK_ID}</Latest></BlockList>`;

const operations: Readonly<Record<string, (index: number) => Promise<unknown>>> = {
  createDossier: () =>
    call('POST', '/dossiers', '{"title":"Assunzione","documents_metadata":[{"title":"Contratto"}]}'),
  getDossier: () => call('GET', `/dossiers/${dossierId}`),
  getRequestsByDossier: () => call('GET', `/dossiers/${dossierId}/signature-requests?limit=100`),
  getSignerByFiscalCode: () => call('POST', '/signers', '{"fiscal_code":"SPNDNL80R13C555X"}'),
  createSignatureRequest: create,
  getSignatureRequest: (index) => call('GET', `/signature-requests/${at(index)}`),
  getDocumentUploadUrl: () => call('GET', uploadPath),
  sendNotification: (index) => call('PUT', `/signature-requests/${waitingIds[index]}/notification`),
  // The requests that were notified just before.
  setSignatureRequestStatus: (index) =>
    call('PUT', `/signature-requests/${waitingIds[index]}/status`, '"CANCELLED"'),
  validateDocument: () => call('POST', '/validate-document', multipart()),
  putBlob: () => call('PUT', uploadUrl, pdf),
  // Measured together, because validation removes the blocks of a file.
  'putBlock and putBlockList': async () => {
    await call('PUT', `${uploadUrl}&comp=block&blockid=${BLOCK_ID}`, pdf);
    await call('PUT', `${uploadUrl}&comp=blocklist`, BLOCK_LIST, 'application/xml');
  },
  getBlob: () => call('GET', downloadUrl),
  'control: snapshot, restored, deleted': async () => {
    const id = idOf(await call('POST', `${origin}/_sandbox/snapshots`));
    await call('POST', `${origin}/_sandbox/snapshots/${id}/restore`);
    await call('DELETE', `${origin}/_sandbox/snapshots/${id}`);
  },
};
console.log(
  `\nms over HTTP, ${CALLS} calls one after the other    median    p95   (target: median < ${TARGET_MEDIAN_MS})`,
);
const medians = new Map<string, number>();
for (const [name, task] of Object.entries(operations)) {
  const taken = await times(task);
  medians.set(name, median(taken));
  const numbers = [median(taken), taken[Math.floor(CALLS * 0.95)] ?? 0].map((ms) =>
    ms.toFixed(2).padStart(7),
  );
  console.log(`  ${name.padEnd(46)} ${numbers.join('')}${median(taken) < TARGET_MEDIAN_MS ? '' : '   FAIL'}`);
}
const beforeSeed = performance.now();
await call(
  'POST',
  `${origin}/_sandbox/seed`,
  JSON.stringify({ requests: [{ count: REQUESTS, status: 'SIGNED' }] }),
);
console.log(
  `  control: seed ${REQUESTS} signed requests, once`.padEnd(48),
  (performance.now() - beforeSeed).toFixed(0).padStart(7),
);
child.disconnect();
await once(child, 'exit');

console.log(
  `\nPrism's validation, µs per call            with  without   costs   HTTP call with / without it`,
);
for (const { name, withIt, without } of await validationCosts()) {
  const cost = withIt - without;
  const total = (medians.get(name) ?? 0) * 1000;
  const cells = [withIt, without, cost].map((micros) => micros.toFixed(0).padStart(8));
  console.log(`  ${name.padEnd(34)} ${cells.join('')}   ${(total / (total - cost)).toFixed(2).padStart(6)}`);
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');
function used(): number {
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}
async function comeAndGo(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const sandbox = await startSandbox();
    await (await fetch(`${sandbox.origin}/_sandbox`)).text();
    await sandbox.close();
  }
}
await comeAndGo(20);
const heapBefore = used();
const handlesBefore = process.getActiveResourcesInfo().length;
const before = performance.now();
await comeAndGo(SANDBOXES);
const each = (performance.now() - before) / SANDBOXES;
const grown = (used() - heapBefore) / SANDBOXES / 1024;
const handles = process.getActiveResourcesInfo().length - handlesBefore;
console.log(
  `\n${SANDBOXES} sandboxes started, called and stopped: ${each.toFixed(1)} ms each, heap ${grown.toFixed(1)} KiB more for each, ${handles} handles more`,
);
