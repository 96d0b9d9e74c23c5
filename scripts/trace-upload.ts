import { readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { startSandbox } from '../mocks/sandbox/http/server.ts';
import { loadConfig } from '../src/config/load.ts';
import { startGateway } from '../src/gateway/start-gateway.ts';

/** The code that ran between the request of an `uploadDocument` and its answer. */
interface Trace {
  /** Files of `src` of which a function ran. */
  readonly files: number;
  /** Functions of `src` that ran. */
  readonly functions: number;
}

const UPLOAD = `mutation ($input: UploadDocumentInput!) {
  uploadDocument(input: $input) { ... on UploadDocumentPayload { document { status } } ... on Error { code message } }
}`;

/** Sends one `uploadDocument` to a gateway and counts what runs for it, with the coverage that V8 collects. */
export async function traceUpload(): Promise<Trace> {
  const logger = pino({ level: 'silent' });
  const sandbox = await startSandbox({ timeScale: 0.01 });
  const gateway = await startGateway({
    ...loadConfig({ PORT: '0' }),
    apiUrl: new URL(sandbox.url),
    apiKey: 'a-key',
    isSandbox: true,
    storageHosts: [sandbox.origin],
    logger,
  });
  const session = new Session();
  session.connect();
  try {
    const { requests } = await sandbox.seed({ requests: [{ status: 'DRAFT' }, { status: 'DRAFT' }] });
    const [first, second] = requests;
    if (first === undefined || second === undefined) throw new TypeError('the sandbox seeded no requests');
    await upload(gateway.url, first); // loads the modules that are loaded on first use
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await session.post('Profiler.takePreciseCoverage'); // starts the counts at zero
    await upload(gateway.url, second);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const root = pathToFileURL('src/').href;
    const ran = result
      .filter(({ url }) => url.startsWith(root))
      .map(({ functions }) => functions.filter(({ ranges: [range] }) => (range?.count ?? 0) > 0).length)
      .filter((count) => count > 0);
    return { files: ran.length, functions: ran.reduce((sum, count) => sum + count, 0) };
  } finally {
    session.disconnect();
    await gateway.close();
    await sandbox.close();
  }
}

interface Seeded {
  readonly id: string;
  readonly documentIds: readonly string[];
}

async function upload(url: string, { id, documentIds: [documentId] }: Seeded): Promise<void> {
  const input = { signatureRequestId: id, documentId, file: null };
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: UPLOAD, variables: { input } }));
  form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
  form.set('0', new Blob([await readFile('examples/contratto.pdf')], { type: 'application/pdf' }), 'a.pdf');
  const answer = await (await fetch(url, { method: 'POST', body: form })).text();
  if (!answer.includes('"READY"')) throw new Error(`uploadDocument was not answered with READY: ${answer}`);
}
