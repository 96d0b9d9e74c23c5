import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { failure } from 'io-ts/lib/PathReporter.js';
import { createDossierBody, getSignerBody } from '../decoding/bodies.ts';
import { documentsOf } from '../decoding/document-metadata.ts';
import type { DocumentMetadata } from '../decoding/document-metadata.ts';
import { DEFAULT_ISSUER } from '../model/issuers.ts';
import type { ApiKey, Issuer } from '../model/issuers.ts';
import { isStorable } from '../operations/storable.ts';
import { SeedError } from './seed-input.ts';
import type { PlannedDocument, PlannedDossier, PlannedRequest, SeedInputParsed } from './seed-input.ts';
import type { Dossier } from '../model/store.ts';
import type { Profile } from '../model/profile.ts';
import type { World } from '../model/world.ts';

/** Validated records: everything that they refer to exists or is part of the plan. */
export interface SeedPlan {
  readonly issuers: readonly (Omit<Issuer, 'id'> & { readonly id: string | undefined })[];
  readonly keys: readonly ApiKey[];
  readonly dossiers: readonly NewDossier[];
  /** Default dossiers, of requests without `dossier`. */
  readonly sampleDossiers: readonly NewDossier[];
  readonly requests: readonly NewRequest[];
}

/** A dossier without the members that are set when it is stored. */
export type NewDossier = Omit<Dossier, 'id' | 'createdAt' | 'updatedAt'> & {
  readonly id: string | undefined;
};

/** One or more identical requests. */
export interface NewRequest {
  readonly source: PlannedRequest;
  readonly dossier: Dossier | NewDossier;
  readonly documents: readonly NewDocument[];
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
}

export interface NewDocument {
  /** Location in the input. */
  readonly place: string;
  readonly id: string | undefined;
  readonly metadata: DocumentMetadata;
  readonly status: 'WAIT_FOR_UPLOAD' | 'READY' | 'REJECTED';
  readonly rejectReason: string;
}

type Note = (place: string, message: string) => void;

const NOT_A_PDF = 'Failed to parse PDF document (line:0 col:0 offset=0): No PDF header found';

/** The dossier of requests without `dossier`. */
const SAMPLE_DOSSIER = {
  title: 'Dossier di esempio',
  documentsMetadata: [
    {
      title: 'Documento di esempio',
      signature_fields: [
        {
          clause: { title: 'Firma del documento', type: 'REQUIRED' },
          attrs: { coordinates: { x: 85, y: 676 }, page: 0, size: { w: 177, h: 77 } },
        },
      ],
    },
  ],
} as const;

/**
 * Validates the input against itself and against the records of the sandbox. Changes nothing.
 *
 * @param now default of times that the input omits
 * @throws SeedError
 */
export function planSeed(world: World, input: SeedInputParsed, now: number): SeedPlan {
  const { store } = world;
  const violations: string[] = [];
  const note: Note = (place, message) => violations.push(`${place}: ${message}`);

  const issuers = new Map(store.issuers);
  for (const [index, { id, ...issuer }] of input.issuers.entries()) {
    if (id === undefined) continue;
    if (input.issuers.findIndex((other) => other.id === id) !== index) {
      note(`issuers[${index}].id`, `duplicate id "${id}"`);
    }
    issuers.set(id, { id, ...issuer });
  }
  const issuerAt = (place: string, id: string = DEFAULT_ISSUER.id): Issuer => {
    const issuer = issuers.get(id);
    if (issuer === undefined) note(place, `no issuer "${id}" in this call or in the sandbox`);
    return issuer ?? DEFAULT_ISSUER;
  };

  const keys = input.keys.map(({ issuer, ...key }, index) => ({
    ...key,
    issuerId: issuerAt(`keys[${index}].issuer`, issuer).id,
  }));

  const dossiers: NewDossier[] = [];
  const named = new Map<string, Dossier | NewDossier>(store.dossiers);
  for (const [index, source] of input.dossiers.entries()) {
    const place = `dossiers[${index}]`;
    const { id } = source;
    const dossier = planDossier(
      source,
      issuerAt(`${place}.issuer`, source.issuer),
      world.profile,
      place,
      note,
    );
    if (id !== undefined && named.has(id)) note(`${place}.id`, `dossier "${id}" already exists`);
    if (id !== undefined) named.set(id, dossier);
    dossiers.push(dossier);
  }

  const samples = new Map<string, NewDossier>();
  const takenIds = new Set<string>();
  const requests = input.requests.flatMap((source, index) => {
    const place = `requests[${index}]`;
    const ownIds = [source.id, ...source.documents.map(({ id }) => id)].filter((id) => id !== undefined);
    if (source.count > 1 && ownIds.length > 0) {
      note(place, 'with a count, the request and its documents cannot have an id: each gets a new one');
    }
    for (const id of ownIds) {
      if (takenIds.has(id) || isTaken(world, id)) note(place, `the id "${id}" is already in use`);
      takenIds.add(id);
    }
    const dossier =
      source.dossier === undefined
        ? sampleDossier(samples, issuerAt(`${place}.issuer`, source.issuer))
        : named.get(source.dossier);
    if (dossier === undefined) {
      note(`${place}.dossier`, `no dossier "${source.dossier}" in this call or in the sandbox`);
      return [];
    }
    if (source.issuer !== undefined && source.issuer !== dossier.issuerId) {
      note(`${place}.issuer`, `its dossier belongs to "${dossier.issuerId}"`);
    }
    return [planRequest(source, dossier, world.profile, now, place, note)];
  });

  if (violations.length > 0) throw new SeedError(violations);
  const withId = ({ id, name, supportEmail }: (typeof input.issuers)[number]) => ({ id, name, supportEmail });
  const sampleDossiers = [...samples.values()];
  return { issuers: input.issuers.map(withId), keys, dossiers, sampleDossiers, requests };
}

function isTaken({ store }: World, id: string): boolean {
  if (store.requests.has(id)) return true;
  return [...store.requests.values()].some(({ documents }) =>
    documents.some((document) => document.id === id),
  );
}

function sampleDossier(samples: Map<string, NewDossier>, issuer: Issuer): NewDossier {
  const { id: issuerId, supportEmail } = issuer;
  const dossier = samples.get(issuerId) ?? { id: undefined, issuerId, supportEmail, ...SAMPLE_DOSSIER };
  samples.set(issuerId, dossier);
  return dossier;
}

/** Validates a dossier by the rules of the API, with its messages. */
function planDossier(
  source: PlannedDossier,
  issuer: Issuer,
  { dossierTitleMinLength, clauseTitleMaxLength }: Profile,
  place: string,
  note: Note,
): NewDossier {
  const { title, support_email, documents_metadata } = source;
  const body = createDossierBody.decode({ title, support_email, documents_metadata });
  const documents = isLeft(body)
    ? body
    : documentsOf(clauseTitleMaxLength).decode(body.right.documents_metadata);
  for (const violation of isLeft(documents) ? failure(documents.left) : []) note(place, violation);
  if (isRight(documents) && !isStorable(documents.right, 0)) {
    note(`${place}.documents_metadata`, 'a number is too large for JSON');
  }
  if (isRight(body) && body.right.title.length < dossierTitleMinLength) {
    const least = `must have ${dossierTitleMinLength} characters or more`;
    note(`${place}.title`, dossierTitleMinLength === 1 ? 'must not be empty' : least);
  }
  return {
    id: source.id,
    issuerId: issuer.id,
    title: isRight(body) ? body.right.title : '',
    supportEmail: (isRight(body) ? body.right.support_email : undefined) ?? issuer.supportEmail,
    documentsMetadata: isRight(documents) ? documents.right : [],
  };
}

function planRequest(
  source: PlannedRequest,
  dossier: Dossier | NewDossier,
  profile: Profile,
  now: number,
  place: string,
  note: Note,
): NewRequest {
  const { status, createdAt = now, updatedAt = createdAt } = source;
  const { expiresAt = profile.defaultDeadline(createdAt) } = source;
  if (source.rejectReason !== undefined && status !== 'REJECTED') {
    note(`${place}.rejectReason`, 'only possible for a REJECTED request');
  }
  if (source.notified && (status === 'DRAFT' || status === 'READY')) {
    note(`${place}.notified`, `not possible for a request in ${status}`);
  }
  if ('fiscalCode' in source.signer && !getSignerBody.is({ fiscal_code: source.signer.fiscalCode })) {
    // The message omits the value, which could be a real fiscal code.
    note(`${place}.signer.fiscalCode`, 'is not a fiscal code');
  }
  if (createdAt > now) note(`${place}.createdAt`, 'must not be later than the time of the sandbox');
  if (updatedAt < createdAt) note(`${place}.updatedAt`, 'must not be before createdAt');
  if (updatedAt > now) note(`${place}.updatedAt`, 'must not be later than the time of the sandbox');
  if (expiresAt <= createdAt) {
    note(`${place}.expiresAt`, 'must be after createdAt; for an expired request, set both');
  }
  const { documentsMetadata } = dossier;
  if (source.documents.length > documentsMetadata.length) {
    note(`${place}.documents`, `too many: the dossier has ${documentsMetadata.length}`);
  }
  const documents = documentsMetadata.map((metadata, index) =>
    planDocument(source.documents[index] ?? {}, metadata, status, `${place}.documents[${index}]`, note),
  );
  return { source, dossier, documents, createdAt, updatedAt, expiresAt };
}

function planDocument(
  source: PlannedDocument,
  metadata: DocumentMetadata,
  requestStatus: PlannedRequest['status'],
  place: string,
  note: Note,
): NewDocument {
  const isDraft = requestStatus === 'DRAFT';
  const { id, status = isDraft ? 'WAIT_FOR_UPLOAD' : 'READY', rejectReason } = source;
  if (status !== 'READY' && !isDraft) {
    note(`${place}.status`, `every document of a request in ${requestStatus} must be READY`);
  }
  if (rejectReason !== undefined && status !== 'REJECTED') {
    note(`${place}.rejectReason`, 'only possible for a REJECTED document');
  }
  return { place, id, metadata, status, rejectReason: rejectReason ?? NOT_A_PDF };
}
