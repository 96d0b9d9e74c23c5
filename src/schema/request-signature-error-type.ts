import { ServiceFaultError } from '../resolvers/errors/faults.ts';
import { RequestSignatureIncompleteError } from '../resolvers/errors/request-signature-error.ts';
import type { FaultCode } from '../resolvers/errors/codes.ts';
import type {
  RequestSignatureProgress,
  RequestSignatureStep,
} from '../resolvers/errors/request-signature-error.ts';
import { builder } from './builder.ts';
import { describedEnum } from './described-enum.ts';
import { ErrorInterface } from './error-types.ts';
import { SignatureRequestType } from './signature-request.ts';

const ServiceFaultEnum = describedEnum<FaultCode>(
  'ServiceFault',
  'How the service failed. Alone, a mutation tells these at the top level as `extensions.code`.',
  {
    UPSTREAM_TIMEOUT: 'It did not answer in time; what was asked may have happened.',
    UPSTREAM_UNAVAILABLE: 'It cannot be reached, or failed. Repeat later.',
    UPSTREAM_REFUSED: 'It refused the gateway’s key or address, or hides an outage behind that.',
    UPSTREAM_CONTRACT: 'It answered in a way that the gateway does not know.',
    RATE_LIMITED: 'Too many calls. Repeat after `retryAfterSeconds`.',
    CALLER_UNAVAILABLE: 'It cannot say who the citizen who calls is as a signer.',
    IDEMPOTENCY_UNAVAILABLE: 'Idempotency keys could not be kept. Repeat later with the same key.',
  },
);

builder.objectType(ServiceFaultError, {
  name: 'ServiceFaultError',
  description: 'Firma con IO failed: nothing that the input can mend.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fault: t.field({ type: ServiceFaultEnum, description: 'How.', resolve: ({ fault }) => fault }),
    retryAfterSeconds: t.int({
      nullable: true,
      description: 'After how many seconds to repeat, when the service has said so.',
      resolve: ({ retryAfterSeconds }) => retryAfterSeconds,
    }),
  }),
});

const RequestSignatureStepEnum = describedEnum<RequestSignatureStep>(
  'RequestSignatureStep',
  'A step of `requestSignature`, named after the mutation that does it alone.',
  {
    FIND_SIGNER: 'The citizen, by their fiscal code. Nothing has been made.',
    CREATE_DOSSIER: 'The dossier, when none was given.',
    CREATE_SIGNATURE_REQUEST: 'The request, as a DRAFT.',
    UPLOAD_DOCUMENTS: 'The files: from the client into the storage, and checked by the service.',
    MARK_READY: 'Handing the request over, up to its QR code.',
    NOTIFY_SIGNER: 'The message to the citizen.',
  },
);

const ProgressType = builder.objectRef<RequestSignatureProgress>('RequestSignatureProgress').implement({
  description: 'How far a `requestSignature` came.',
  fields: (t) => ({
    signerId: t.id({
      nullable: true,
      description: 'The citizen. Null when they could not be found.',
      resolve: ({ signerId }) => signerId,
    }),
    dossierId: t.id({
      nullable: true,
      description: 'The dossier, given or made. Null before there is one.',
      resolve: ({ dossierId }) => dossierId,
    }),
    signatureRequestId: t.id({
      nullable: true,
      description: 'The request. Null before it was made.',
      resolve: ({ signatureRequestId }) => signatureRequestId,
    }),
    signatureRequest: t.field({
      type: SignatureRequestType,
      nullable: true,
      description:
        'The request as far as it came. Null before it was made, and when it could not be read now.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
  }),
});

builder.objectType(RequestSignatureIncompleteError, {
  name: 'RequestSignatureIncompleteError',
  description:
    'A step failed; what was done before it stands. Mend the `cause` and repeat with the same `idempotencyKey`, which goes on from there, or go on with the single mutations.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    step: t.field({
      type: RequestSignatureStepEnum,
      description: 'The step that failed.',
      resolve: ({ step }) => step,
    }),
    cause: t.field({
      type: ErrorInterface,
      description: 'What went wrong in it: the error of the single mutation, or `ServiceFaultError`.',
      // As plain data: an Error that is returned counts as one that is thrown.
      resolve: ({ cause }) => ({ ...cause, message: cause.message }),
    }),
    progress: t.field({
      type: ProgressType,
      description: 'What was done before.',
      resolve: ({ progress }) => progress,
    }),
  }),
});
