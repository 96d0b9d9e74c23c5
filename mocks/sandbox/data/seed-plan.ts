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
  readonly path: string;
  readonly id: string | undefined;
  readonly metadata: DocumentMetadata;
  readonly status: 'WAIT_FOR_UPLOAD' | 'READY' | 'REJECTED';
  readonly rejectReason: string;
}

/** Reports a violation of the input. `path` is its location in the input, such as `requests[0].status`. */
type Report = (path: string, message: string) => void;
/** The issuer with this id, or else the default issuer. Reports an unknown id at `path`. */
type IssuerAt = (path: string, id: string | undefined) => Issuer;

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
  const violations: string[] = [];
  const report: Report = (path, message) => violations.push(`${path}: ${message}`);
  const issuers = knownIssuers(world, input, report);
  const issuerAt: IssuerAt = (path, id = DEFAULT_ISSUER.id) => {
    const issuer = issuers.get(id);
    if (issuer === undefined) report(path, `no issuer "${id}" in this call or in the sandbox`);
    return issuer ?? DEFAULT_ISSUER;
  };
  const keys = input.keys.map(({ issuer, ...key }, index) => ({
    ...key,
    issuerId: issuerAt(`keys[${index}].issuer`, issuer).id,
  }));
  const dossiers = planDossiers(world, input, issuerAt, report);
  const { requests, sampleDossiers } = planRequests({ world, input, now, dossiers, issuerAt, report });
  if (violations.length > 0) throw new SeedError(violations);
  return {
    issuers: input.issuers.map(({ id, name, supportEmail }) => ({ id, name, supportEmail })),
    keys,
    dossiers: dossiers.planned,
    sampleDossiers,
    requests,
  };
}

/** The issuers of the sandbox and those of the input that have an id. */
function knownIssuers(
  { store }: World,
  { issuers }: SeedInputParsed,
  report: Report,
): ReadonlyMap<string, Issuer> {
  const known = new Map(store.issuers);
  for (const [index, { id, ...issuer }] of issuers.entries()) {
    if (id === undefined) continue;
    if (issuers.findIndex((other) => other.id === id) !== index) {
      report(`issuers[${index}].id`, `duplicate id "${id}"`);
    }
    known.set(id, { id, ...issuer });
  }
  return known;
}

interface Dossiers {
  readonly planned: readonly NewDossier[];
  /** The dossiers of the sandbox and those of the input that have an id. */
  readonly byId: ReadonlyMap<string, Dossier | NewDossier>;
}

function planDossiers(
  { store, profile }: World,
  input: SeedInputParsed,
  issuerAt: IssuerAt,
  report: Report,
): Dossiers {
  const byId = new Map<string, Dossier | NewDossier>(store.dossiers);
  const planned = input.dossiers.map((source, index) => {
    const path = `dossiers[${index}]`;
    const dossier = planDossier(source, issuerAt(`${path}.issuer`, source.issuer), profile, path, report);
    const { id } = source;
    if (id !== undefined && byId.has(id)) report(`${path}.id`, `dossier "${id}" already exists`);
    if (id !== undefined) byId.set(id, dossier);
    return dossier;
  });
  return { planned, byId };
}

interface RequestPlanning {
  readonly world: World;
  readonly input: SeedInputParsed;
  readonly now: number;
  readonly dossiers: Dossiers;
  readonly issuerAt: IssuerAt;
  readonly report: Report;
}

function planRequests({ world, input, now, dossiers, issuerAt, report }: RequestPlanning): {
  readonly requests: readonly NewRequest[];
  readonly sampleDossiers: readonly NewDossier[];
} {
  /** By id of the issuer. */
  const samples = new Map<string, NewDossier>();
  const seenIds = new Set<string>();
  const requests = input.requests.flatMap((source, index) => {
    const path = `requests[${index}]`;
    checkIds(world, source, path, seenIds, report);
    const dossier =
      source.dossier === undefined
        ? sampleDossier(samples, issuerAt(`${path}.issuer`, source.issuer))
        : dossiers.byId.get(source.dossier);
    if (dossier === undefined) {
      report(`${path}.dossier`, `no dossier "${source.dossier}" in this call or in the sandbox`);
      return [];
    }
    if (source.issuer !== undefined && source.issuer !== dossier.issuerId) {
      report(`${path}.issuer`, `its dossier belongs to "${dossier.issuerId}"`);
    }
    return [planRequest(source, dossier, world.profile, now, path, report)];
  });
  return { requests, sampleDossiers: [...samples.values()] };
}

/** @param seen ids of earlier requests and documents of the input, to which those of this request are added */
function checkIds(
  world: World,
  source: PlannedRequest,
  path: string,
  seen: Set<string>,
  report: Report,
): void {
  const ids = [source.id, ...source.documents.map(({ id }) => id)].filter((id) => id !== undefined);
  if (source.count > 1 && ids.length > 0) {
    report(path, 'with a count, the request and its documents cannot have an id: each gets a new one');
  }
  for (const id of ids) {
    if (seen.has(id) || isInUse(world, id)) report(path, `the id "${id}" is already in use`);
    seen.add(id);
  }
}

function isInUse({ store }: World, id: string): boolean {
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
  path: string,
  report: Report,
): NewDossier {
  const { title, support_email, documents_metadata } = source;
  const body = createDossierBody.decode({ title, support_email, documents_metadata });
  const documents = isLeft(body)
    ? body
    : documentsOf(clauseTitleMaxLength).decode(body.right.documents_metadata);
  for (const violation of isLeft(documents) ? failure(documents.left) : []) report(path, violation);
  if (isRight(documents) && !isStorable(documents.right, 0)) {
    report(`${path}.documents_metadata`, 'a number is too large for JSON');
  }
  if (isRight(body) && body.right.title.length < dossierTitleMinLength) {
    const least = `must have ${dossierTitleMinLength} characters or more`;
    report(`${path}.title`, dossierTitleMinLength === 1 ? 'must not be empty' : least);
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
  path: string,
  report: Report,
): NewRequest {
  const { status, createdAt = now, updatedAt = createdAt } = source;
  const { expiresAt = profile.defaultDeadline(createdAt) } = source;
  if (source.rejectReason !== undefined && status !== 'REJECTED') {
    report(`${path}.rejectReason`, 'only possible for a REJECTED request');
  }
  if (source.notified && (status === 'DRAFT' || status === 'READY')) {
    report(`${path}.notified`, `not possible for a request in ${status}`);
  }
  if ('fiscalCode' in source.signer && !getSignerBody.is({ fiscal_code: source.signer.fiscalCode })) {
    // The message omits the value, which could be a real fiscal code.
    report(`${path}.signer.fiscalCode`, 'is not a fiscal code');
  }
  if (createdAt > now) report(`${path}.createdAt`, 'must not be later than the time of the sandbox');
  if (updatedAt < createdAt) report(`${path}.updatedAt`, 'must not be before createdAt');
  if (updatedAt > now) report(`${path}.updatedAt`, 'must not be later than the time of the sandbox');
  if (expiresAt <= createdAt) {
    report(`${path}.expiresAt`, 'must be after createdAt; for an expired request, set both');
  }
  const { documentsMetadata } = dossier;
  if (source.documents.length > documentsMetadata.length) {
    report(`${path}.documents`, `too many: the dossier has ${documentsMetadata.length}`);
  }
  const documents = documentsMetadata.map((metadata, index) =>
    planDocument(source.documents[index] ?? {}, metadata, status, `${path}.documents[${index}]`, report),
  );
  return { source, dossier, documents, createdAt, updatedAt, expiresAt };
}

function planDocument(
  source: PlannedDocument,
  metadata: DocumentMetadata,
  requestStatus: PlannedRequest['status'],
  path: string,
  report: Report,
): NewDocument {
  const isDraft = requestStatus === 'DRAFT';
  const { id, status = isDraft ? 'WAIT_FOR_UPLOAD' : 'READY', rejectReason } = source;
  if (status !== 'READY' && !isDraft) {
    report(`${path}.status`, `every document of a request in ${requestStatus} must be READY`);
  }
  if (rejectReason !== undefined && status !== 'REJECTED') {
    report(`${path}.rejectReason`, 'only possible for a REJECTED document');
  }
  return { path, id, metadata, status, rejectReason: rejectReason ?? NOT_A_PDF };
}
