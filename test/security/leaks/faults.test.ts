import { expect, test } from 'vitest';
import type { CallFault, Fault } from '../../../mocks/sandbox/faults/fault.ts';
import { mutationOf } from '../../support/operations.ts';
import { makePdf } from '../../support/pdf.ts';
import { startGateway } from '../../support/start-gateway.ts';
import { ALL, CODE, expectNoLeaks, ISSUER_KEY, keepRecord, sendPlanted } from './planted.ts';

/*
 * Every upstream call up to the notification meets every fault, and the service's answers contain all planted secrets.
 * Responses and the log report the result by error codes only.
 */

const OPERATIONS = [
  'getSignerByFiscalCode',
  'createDossier',
  'createSignatureRequest',
  'getSignatureRequest',
  'getDocumentUploadUrl',
  'putBlob',
  'setSignatureRequestStatus',
  'sendNotification',
];

const statusFaults = (envelope: 'problem' | 'gateway', ...statuses: number[]): Fault[] =>
  statuses.map((status) => ({ kind: 'status', status, envelope, detail: ALL }));
const FAULTS: readonly Fault[] = [
  ...statusFaults('problem', 400, 401, 403, 404, 422, 500, 503),
  ...statusFaults('gateway', 401, 403, 404),
  { kind: 'rate-limit', retryAfterSeconds: 60 },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'middle' },
  { kind: 'malformed-body' },
  { kind: 'truncated-body' },
  { kind: 'wrong-content-type' },
];
/** Longer than the deadline of any call to the service. Calls to the storage may take a minute and are not awaited. */
const NO_ANSWER: Fault = { kind: 'latency', ms: 60_000 };

/** The responses contain neither a title nor a fiscal code, so nothing planted in the input may appear. */
async function formOf(): Promise<FormData> {
  const form = new FormData();
  const input = {
    dossier: { create: { title: `Contratto di ${CODE} (${ISSUER_KEY})` } },
    signer: { fiscalCode: CODE },
    documents: [{ title: `Contratto ${CODE}`, file: null }],
    waitSeconds: 2,
  };
  const query = mutationOf('requestSignature', 'signatureRequest { id status }');
  form.set('operations', JSON.stringify({ query, variables: { input } }));
  form.set('map', JSON.stringify({ 0: ['variables.input.documents.0.file'] }));
  form.set('0', new Blob([new Uint8Array(await makePdf())]), `${CODE}.pdf`);
  return form;
}

test.each(OPERATIONS)('%s meets every fault', async (operation) => {
  const record = keepRecord();
  // An open circuit would hide later faults.
  const world = await startGateway({
    apiKey: ISSUER_KEY,
    logger: record.logger,
    upstreamTimeoutMs: 300,
    circuit: { failures: 1_000, openMs: 1_000 },
  });
  const body = await formOf();
  const codes = new Set<string>();
  for (const fault of operation === 'putBlob' ? FAULTS : [...FAULTS, NO_ANSWER]) {
    world.sandbox.faults.add({ ...(fault as CallFault), operation });
    const what = `${operation} with ${fault.kind}`;
    const { text } = await sendPlanted(record, what, world.url, { method: 'POST', body });
    for (const [, code = ''] of text.matchAll(/"code":"(\w+)"/g)) codes.add(code);
    world.sandbox.faults.clear();
  }
  expect(codes.size).toBeGreaterThan(1);
  expectNoLeaks(record);
});
