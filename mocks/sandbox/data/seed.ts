import { Ids } from '../model/ids.ts';
import type { Sample } from './sample.ts';
import { SeedError, parseSeed } from './seed-input.ts';
import type { SeedInput, Seeded } from './seed-input.ts';
import { planSeed } from './seed-plan.ts';
import type { NewDocument, NewDossier, NewRequest, SeedPlan } from './seed-plan.ts';
import { scenarioOf, sendToCitizen } from '../model/signing.ts';
import { createBlob } from '../storage/blob-store.ts';
import type { Blob } from '../storage/blob-store.ts';
import { SIGNED_DOCUMENTS, VALIDATED_DOCUMENTS } from '../storage/containers.ts';
import type { Dossier, SignatureDocument, SignatureRequest } from '../model/store.ts';
import type { World } from '../model/world.ts';

/**
 * Creates records in a sandbox, all of them or none.
 * @throws SeedError listing each invalid location
 */
export async function seed(world: World, input: SeedInput): Promise<Seeded> {
  const parsed = parseSeed(input);
  const now = world.clock.now();
  const samples = await samplesFor(planSeed(world, parsed, now));
  // Planned again, because other calls may have changed the records while the files were created.
  return applyPlan(world, planSeed(world, parsed, now), samples);
}

type Samples = ReadonlyMap<string, Sample>;

function sampleKey({ metadata }: NewDocument, { source, updatedAt }: NewRequest): string {
  // The signature mark in the PDF shows its time.
  return JSON.stringify([metadata, source.status === 'SIGNED' && updatedAt]);
}

/** Creates the files of each distinct READY document. */
async function samplesFor({ requests }: SeedPlan): Promise<Samples> {
  const samples = new Map<string, Sample>();
  for (const request of requests) {
    for (const document of request.documents) {
      const key = sampleKey(document, request);
      if (document.status !== 'READY' || samples.has(key)) continue;
      // Loaded on first use, because pdf-lib takes 20 MB of memory and most sandboxes need it in the worker threads only.
      const { createSample } = await import('./sample.ts');
      const signedAt = request.source.status === 'SIGNED' ? request.updatedAt : undefined;
      samples.set(key, await createSample(document, signedAt));
    }
  }
  return samples;
}

/** Stores the records and returns their ids. */
function applyPlan(world: World, plan: SeedPlan, samples: Samples): Seeded {
  const { store } = world;
  // Steps that can still fail come first.
  const files = plan.requests.map((planned) => filesOf(planned, samples));
  const issuers = plan.issuers.map(({ id = world.ids.ulid(), ...issuer }) => ({ id, ...issuer }));
  for (const issuer of issuers) store.issuers.set(issuer.id, issuer);
  for (const key of plan.keys) store.keys.set(key.key, key);

  const idsAt = identifiersByTime(world);
  const dossierIds = new Map<Dossier | NewDossier, string>();
  for (const dossier of [...plan.dossiers, ...plan.sampleDossiers]) {
    const createdAt = creationOf(dossier, plan.requests, world.clock.now());
    const id = dossier.id ?? idsAt(createdAt).ulid();
    const record = { ...dossier, id, createdAt, updatedAt: createdAt };
    store.dossiers.set(record.id, record);
    dossierIds.set(dossier, record.id);
  }
  const idOf = (dossier: Dossier | NewDossier): string => dossierIds.get(dossier) ?? dossier.id ?? '';

  const requests = plan.requests.flatMap((planned, index) =>
    Array.from({ length: planned.source.count }, () => {
      const request = requestOf(planned, idOf(planned.dossier), world, idsAt(planned.createdAt));
      addRequest(world, request, files[index] ?? []);
      const { id, dossierId, signerId, documents } = request;
      return { id, dossierId, signerId, documentIds: documents.map((document) => document.id) };
    }),
  );
  return {
    issuers: issuers.map(({ id }) => id),
    keys: plan.keys.map(({ key }) => key),
    dossiers: plan.dossiers.map(idOf),
    requests,
  };
}

/** A dossier is created no later than the oldest of its requests. */
function creationOf(dossier: NewDossier, requests: readonly NewRequest[], now: number): number {
  const own = requests.filter((request) => request.dossier === dossier);
  return Math.min(now, ...own.map(({ createdAt }) => createdAt));
}

/** ULIDs contain the time of creation, so ids of past records are generated for that time. */
function identifiersByTime({ random }: World): (time: number) => Ids {
  const byTime = new Map<number, Ids>();
  return (time) => {
    const ids = byTime.get(time) ?? new Ids(() => time, random);
    byTime.set(time, ids);
    return ids;
  };
}

function requestOf(planned: NewRequest, dossierId: string, world: World, ids: Ids): SignatureRequest {
  const { source, createdAt, updatedAt, expiresAt } = planned;
  const { status, signer } = source;
  const base = {
    id: source.id ?? ids.ulid(),
    issuerId: planned.dossier.issuerId,
    environment: source.environment,
    dossierId,
    signerId: signerOf(world, signer),
    createdAt,
    updatedAt,
    expiresAt,
    documents: planned.documents.map((document) => documentOf(document, planned, ids)),
    ...(source.notified && { ioMessageId: ids.ulid() }),
  };
  switch (status) {
    case 'DRAFT':
    case 'READY':
    case 'WAIT_FOR_SIGNATURE':
      return { ...base, status };
    case 'SIGNED':
      return { ...base, status, signedAt: updatedAt };
    case 'REJECTED':
      return { ...base, status, rejectedAt: updatedAt, rejectReason: source.rejectReason ?? NOT_SIGNED };
    case 'CANCELLED':
      return { ...base, status, cancelledAt: updatedAt };
  }
}

/** Registers the fiscal code with the tokenizer, as a lookup would. */
function signerOf(world: World, signer: NewRequest['source']['signer']): string {
  if ('id' in signer) return signer.id;
  const id = world.ids.signer(signer.fiscalCode);
  world.store.fiscalCodes.set(id, signer.fiscalCode);
  return id;
}

/** The reason that the service stores if the trust provider returns no file. */
const NOT_SIGNED = 'Signed document not found!';

function documentOf(
  document: NewDocument,
  { createdAt, updatedAt }: NewRequest,
  ids: Ids,
): SignatureDocument {
  const { metadata, status, rejectReason } = document;
  const base = { id: document.id ?? ids.ulid(), metadata, createdAt };
  switch (status) {
    case 'WAIT_FOR_UPLOAD':
      return { ...base, status, updatedAt: createdAt };
    case 'READY':
      return { ...base, status, updatedAt, uploadedAt: updatedAt };
    case 'REJECTED':
      return { ...base, status, updatedAt, uploadedAt: updatedAt, rejectedAt: updatedAt, rejectReason };
  }
}

/** The stored files of one document. Identical requests share them, because files are immutable. */
interface DocumentFiles {
  readonly validated: Blob;
  readonly signed: Blob | undefined;
}

/** By index of the document; undefined if it has no file. */
function filesOf(request: NewRequest, samples: Samples): (DocumentFiles | undefined)[] {
  return request.documents.map((document) => {
    if (document.status !== 'READY') return undefined;
    const sample = samples.get(sampleKey(document, request));
    if (sample === undefined) throw new SeedError(['the sandbox changed while it was seeded: seed again']);
    const blobOf = (file: Buffer): Blob => createBlob([file], request.updatedAt);
    return { validated: blobOf(sample.validated), signed: sample.signed && blobOf(sample.signed) };
  });
}

function addRequest(
  world: World,
  request: SignatureRequest,
  files: readonly (DocumentFiles | undefined)[],
): void {
  const { store, blobs, clock } = world;
  store.requests.set(request.id, request);
  const siblings = store.requestsByDossier.get(request.dossierId) ?? [];
  siblings.push(request.id);
  store.requestsByDossier.set(request.dossierId, siblings);
  for (const [index, { id }] of request.documents.entries()) {
    const { validated, signed } = files[index] ?? {};
    if (validated !== undefined) blobs.put(VALIDATED_DOCUMENTS, id, validated);
    if (signed !== undefined) blobs.put(SIGNED_DOCUMENTS, id, signed);
  }
  if (request.status === 'READY') sendToCitizen(world, request);
  if (request.status === 'WAIT_FOR_SIGNATURE') {
    const { signsAfterMs } = scenarioOf(world, request);
    if (signsAfterMs !== undefined) {
      clock.schedule(signsAfterMs, { kind: 'sign-automatically', requestId: request.id });
    }
  }
}
