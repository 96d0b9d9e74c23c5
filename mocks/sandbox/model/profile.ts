import type { Answer } from '../http/problems.ts';
import { badRequest, validationProblem } from '../http/problems.ts';

/** Which source applies where they differ: the running service, or its published document. */
export type ProfileName = 'implemented' | 'documented';

/** A response with different statuses in the published document and in the running service. */
export interface StatusDifference {
  readonly operationId: string;
  /** When the response is sent. */
  readonly condition: string;
  readonly implemented: number;
  readonly documented: number;
  /** Applies only to errors with one of these values of `detail`. */
  readonly details?: readonly string[];
}

/** All such responses. Others have the same status in both sources. */
export const STATUS_DIFFERENCES: readonly StatusDifference[] = [
  statusDifference('createDossier', 'an invalid body', 422, 400),
  statusDifference('getRequestsByDossier', 'an invalid query', 422, 400),
  statusDifference('getSignerByFiscalCode', 'a signer is found', 200, 201),
  statusDifference('getSignerByFiscalCode', 'no fiscal code', 422, 400),
  statusDifference('getSignerByFiscalCode', 'a citizen who never logged in to IO', 404, 400),
  statusDifference('createSignatureRequest', 'a dossier that does not exist', 404, 422),
  statusDifference('createSignatureRequest', 'a deadline in the past', 400, 422),
  statusDifference('setSignatureRequestStatus', 'a transition that is not allowed', 400, 422),
  statusDifference('sendNotification', 'a message is sent', 200, 201),
  statusDifference('sendNotification', 'a status that does not allow it, or a second time', 422, 400),
  statusDifference('sendNotification', 'a request that does not exist', 404, 400),
  statusDifference('validateDocument', 'invalid fields', 422, 400),
  {
    ...statusDifference('validateDocument', 'a PDF that cannot be opened', 500, 400),
    details: ['Error', 'RangeError', 'TypeError'],
  },
];

function statusDifference(
  operationId: string,
  condition: string,
  implemented: number,
  documented: number,
): StatusDifference {
  return { operationId, condition, implemented, documented };
}

/** A difference between the published document and the running service other than a status. */
export interface RuleDifference {
  readonly rule: string;
  readonly implemented: string;
  readonly documented: string;
  readonly source: 'published document' | 'manual';
}

export const RULE_DIFFERENCES = {
  errorType: {
    rule: 'Content type of errors of the backend',
    implemented: 'application/problem+json',
    documented: 'application/json',
    source: 'published document',
  },
  dossierTitle: {
    rule: 'Minimum length of the title of a dossier',
    implemented: '1 character',
    documented: '3 characters',
    source: 'published document',
  },
  clauseTitle: {
    rule: 'Maximum length of the title of a clause',
    implemented: '79 characters',
    documented: '80 characters',
    source: 'published document',
  },
  deadline: {
    rule: 'Default expiry of a request',
    implemented: '90 days',
    documented: '3 months',
    source: 'manual',
  },
  validation: {
    rule: 'Status of a document between upload and validation',
    implemented: 'unchanged',
    documented: 'WAIT_FOR_VALIDATION',
    source: 'published document',
  },
} as const satisfies Record<string, RuleDifference>;

/** The differences between the profiles that affect handlers. */
export interface Profile {
  readonly name: ProfileName;
  readonly dossierTitleMinLength: number;
  readonly clauseTitleMaxLength: number;
  /** Whether documents show WAIT_FOR_VALIDATION. */
  readonly showsValidation: boolean;
  /** Default expiry of a request. Milliseconds since the epoch, as `now`. */
  defaultDeadline(now: number): number;
  /** Converts a response of the backend to this profile. */
  answer(operationId: string, implemented: Answer): Answer;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  implemented: {
    name: 'implemented',
    dossierTitleMinLength: 1,
    clauseTitleMaxLength: 79,
    showsValidation: false,
    defaultDeadline: (now) => now + 90 * 24 * 60 * 60 * 1_000,
    answer: (_operationId, implemented) => implemented,
  },
  documented: {
    name: 'documented',
    dossierTitleMinLength: 3,
    clauseTitleMaxLength: 80,
    showsValidation: true,
    defaultDeadline(now) {
      const deadline = new Date(now);
      return deadline.setUTCMonth(deadline.getUTCMonth() + 3);
    },
    answer(operationId, implemented) {
      const detail = detailOf(implemented);
      const row = STATUS_DIFFERENCES.find(
        (candidate) =>
          candidate.operationId === operationId &&
          candidate.implemented === implemented.status &&
          (candidate.details === undefined || candidate.details.includes(detail)),
      );
      return asPlainJson(row === undefined ? implemented : withStatus(implemented, row.documented, detail));
    },
  },
};

/** The title of an error follows its status. The texts of the service stay. */
function withStatus(answer: Answer, status: number, detail: string): Answer {
  switch (status) {
    case 400:
      return badRequest(detail).answer;
    case 422:
      return validationProblem([detail]).answer;
    default:
      return { ...answer, status };
  }
}

function asPlainJson(answer: Answer): Answer {
  if (answer.headers['content-type'] !== RULE_DIFFERENCES.errorType.implemented) return answer;
  return { ...answer, headers: { ...answer.headers, 'content-type': RULE_DIFFERENCES.errorType.documented } };
}

function detailOf({ body }: Answer): string {
  return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : '';
}
