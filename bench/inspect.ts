import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { promisify } from 'node:util';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { start } from './processes.ts';

/*
 * Measures `inspectDocument` of a contract of ten pages with two anchors, over HTTP, in turn with `pdftotext -bbox` (package
 * poppler-utils) on the same file, with the processor time of both; then how much ten inspections at once delay a query.
 *
 *   npm run bench:inspect          40 rounds; `-- ROUNDS` for more
 */
const ROUNDS = Math.min(500, Number(process.argv[2] ?? 40));
const QUERIES_PER_TURN = 20;
const TURNS = 60;
const INSPECT = `mutation ($input: InspectDocumentInput!) { inspectDocument(input: $input) {
  ... on InspectDocumentPayload { anchors { matchCount matches { fieldBox { x y } } } } } }`;
const WORDS =
  'il presente contratto viene stipulato tra le parti ai sensi degli articoli del codice civile e produce effetti dalla data della firma'.split(
    ' ',
  );

async function contract(): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.TimesRoman);
  let word = 0;
  for (let number = 0; number < 10; number += 1) {
    const page = pdf.addPage([595.28, 841.89]);
    for (let line = 0; line < 48; line += 1) {
      let text = '';
      while (text.length < 85) text += `${WORDS[(word++ * 7) % WORDS.length]} `;
      page.drawText(text, { x: 50, y: 790 - line * 15, size: 11, font });
    }
    page.drawText('{{firma:Rossi}}', { x: 300, y: 50, size: 11, font });
  }
  return Buffer.from(await pdf.save());
}

/** The request for an inspection, encoded once, so that the benchmark itself delays the queries as little as possible. */
async function requestOf(file: Buffer<ArrayBuffer>): Promise<RequestInit> {
  const form = new FormData();
  const input = { file: null, anchors: [{ text: '{{firma:Rossi}}', occurrence: 10 }, { text: 'Firma' }] };
  form.set('operations', JSON.stringify({ query: INSPECT, variables: { input } }));
  form.set('map', '{"0":["variables.input.file"]}');
  form.set('0', new Blob([file], { type: 'application/pdf' }), 'contratto.pdf');
  const encoded = new Response(form);
  const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
  return { method: 'POST', headers, body: await encoded.arrayBuffer() };
}

async function inspect(url: string, request: RequestInit): Promise<void> {
  const text = await (await fetch(url, request)).text();
  if (!text.includes('"matchCount":10')) throw new Error(`not inspected: ${text}`);
}

async function query(url: string): Promise<void> {
  const body = '{"query":"{ __typename }"}';
  await (await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).text();
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const TICK_MS = 10;

/** The processor time of a process with all its threads, of its main thread, and of its children that have ended (Linux only). */
function processorTime(pid: number | undefined) {
  const times = (file: string): number[] =>
    (readFileSync(file, 'utf8').split(') ')[1] ?? '')
      .split(' ')
      .slice(11, 15)
      .map((ticks) => Number(ticks) * TICK_MS);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = times(`/proc/${pid}/stat`);
  const [mainUser = 0, mainSystem = 0] = times(`/proc/${pid}/task/${pid}/stat`);
  return { own: user + system, main: mainUser + mainSystem, children: childUser + childSystem };
}

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}

const WARM_UP_TURNS = 20;

/**
 * The times of queries, alone and beside ten inspections, in turns. The turns before
 * them are not measured: the gateway compiles its code while it serves its first requests.
 */
async function queryTimes(url: string, request: RequestInit): Promise<[number[], number[]]> {
  const [alone, beside]: [number[], number[]] = [[], []];
  const load = new Worker(new URL('inspect-load.ts', import.meta.url), { workerData: { url, ...request } });
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn += 1) {
    if (turn === 0) alone.length = beside.length = 0;
    for (const times of [alone, beside]) {
      const inspected = times === beside ? once(load, 'message') : undefined;
      if (inspected !== undefined) load.postMessage('inspect');
      for (let nth = 0; nth < QUERIES_PER_TURN; nth += 1) {
        times.push(await milliseconds(() => query(url)));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await inspected;
    }
  }
  return [alone, beside];
}

const file = await contract();
const request = await requestOf(file);
const folder = await mkdtemp(join(tmpdir(), 'sigillo-bench-'));
const path = join(folder, 'contract.pdf');
await writeFile(path, file);
const pdftotext = async (): Promise<void> =>
  void (await promisify(execFile)('pdftotext', ['-bbox', path, join(folder, 'words.html')]));
const { said, child } = await start<{ url: string }>(
  './gateway-process.ts',
  'http://127.0.0.1:1',
  'RATE_LIMIT_PER_MINUTE=0',
  'INSPECT_TIMEOUT_SECONDS=60',
);
const { url } = said;
try {
  for (let nth = 0; nth < 6; nth += 1) await Promise.all([inspect(url, request), inspect(url, request)]);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const [gatewayBefore, toolBefore] = [processorTime(child.pid), processorTime(process.pid)];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await milliseconds(() => inspect(url, request)));
    theirs.push(await milliseconds(pdftotext));
  }
  const gatewayTime = (processorTime(child.pid).own - gatewayBefore.own) / ROUNDS;
  const mainTime = (processorTime(child.pid).main - gatewayBefore.main) / ROUNDS;
  const toolTime = (processorTime(process.pid).children - toolBefore.children) / ROUNDS;
  const [alone, beside] = await queryTimes(url, request);
  const [median, other] = [percentile(ours, 50), percentile(theirs, 50)];
  console.log(`inspectDocument: median ${median.toFixed(1)} ms, p95 ${percentile(ours, 95).toFixed(1)} ms`);
  console.log(`pdftotext -bbox: median ${other.toFixed(1)} ms, ratio ${(median / other).toFixed(2)}`);
  console.log(
    `processor time: inspectDocument ${gatewayTime.toFixed(1)} ms (${mainTime.toFixed(1)} ms of the main thread), pdftotext ${toolTime.toFixed(1)} ms, ratio ${(gatewayTime / toolTime).toFixed(2)}`,
  );
  for (const percent of [50, 99])
    console.log(
      `query p${percent}: alone ${percentile(alone, percent).toFixed(1)} ms, beside ten inspections ${percentile(beside, percent).toFixed(1)} ms`,
    );
} finally {
  await rm(folder, { recursive: true });
}
process.exit();
