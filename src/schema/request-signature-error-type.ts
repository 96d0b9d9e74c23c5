import { ServiceFaultError } from '../resolvers/errors/faults.ts';
import { RequestSignatureIncompleteError } from '../resolvers/errors/request-signature-error.ts';
import type { FaultCode } from '../resolvers/errors/codes.ts';
import type {
  RequestSignatureProgress,
  RequestSignatureStep,
} from '../resolvers/errors/request-signature-error.ts';
import { builder, describedEnum } from './builder.ts';
import { ErrorInterface } from './error-types.ts';
import { SignatureRequestType } from './signature-request.ts';

const ServiceFaultEnum = describedEnum<FaultCode>(
  'ServiceFault',
  'The way in which a call to the service failed. Outside `requestSignature`, the same code is in `extensions.code` of a top-level error.',
  {
    UPSTREAM_TIMEOUT: 'The service did not answer in time. The operation may have been performed.',
    UPSTREAM_UNAVAILABLE: 'The service is unreachable or failed. Retry later.',
    UPSTREAM_REFUSED:
      'The service refused the API key or the IP address of the gateway. It also answers so during some outages.',
    UPSTREAM_CONTRACT: 'The response of the service breaks its contract.',
    RATE_LIMITED: 'The rate limit of the service is exhausted. Retry after `retryAfterSeconds`.',
    CALLER_UNAVAILABLE: 'The service could not resolve the calling citizen to a signer.',
    IDEMPOTENCY_UNAVAILABLE: 'The gateway cannot store idempotency keys now. Retry later with the same key.',
  },
);

builder.objectType(ServiceFaultError, {
  name: 'ServiceFaultError',
  description: 'A call to Firma con IO failed. No change of the input prevents this.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fault: t.field({
      type: ServiceFaultEnum,
      description: 'The way in which the call failed.',
      resolve: ({ fault }) => fault,
    }),
    retryAfterSeconds: t.int({
      nullable: true,
      description: 'The number of seconds after which to retry. Null when it is unknown.',
      resolve: ({ retryAfterSeconds }) => retryAfterSeconds,
    }),
  }),
});

const RequestSignatureStepEnum = describedEnum<RequestSignatureStep>(
  'RequestSignatureStep',
  'A step of `requestSignature`, named after the mutation that performs it alone.',
  {
    RESOLVE_ANCHORS: 'Read the files whose fields have anchors. Nothing has been created.',
    FIND_SIGNER: 'Resolve the fiscal code to a signer. Nothing has been created.',
    CREATE_DOSSIER: 'Create the dossier, unless the input has the id of one.',
    CREATE_SIGNATURE_REQUEST: 'Create the signature request, in status `DRAFT`.',
    UPLOAD_DOCUMENTS: 'Store the files and wait until the service has validated them.',
    MARK_READY: 'Mark the signature request as ready and wait for its QR code.',
    NOTIFY_SIGNER: 'Send the notification to the citizen.',
  },
);

const ProgressType = builder.objectRef<RequestSignatureProgress>('RequestSignatureProgress').implement({
  description: 'The records that an incomplete `requestSignature` has found or created.',
  fields: (t) => ({
    signerId: t.id({
      nullable: true,
      description: 'The id of the signer. Null before the signer was found.',
      resolve: ({ signerId }) => signerId,
    }),
    dossierId: t.id({
      nullable: true,
      description:
        'The id of the dossier, from the input or newly created. Null before the dossier was created.',
      resolve: ({ dossierId }) => dossierId,
    }),
    signatureRequestId: t.id({
      nullable: true,
      description: 'The id of the signature request. Null before it was created.',
      resolve: ({ signatureRequestId }) => signatureRequestId,
    }),
    signatureRequest: t.field({
      type: SignatureRequestType,
      nullable: true,
      description:
        'The signature request in its current state. Null before it was created, and when it could not be read.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
  }),
});

builder.objectType(RequestSignatureIncompleteError, {
  name: 'RequestSignatureIncompleteError',
  description:
    'A step failed. The effects of the earlier steps remain. After fixing the `cause`, retry with the same `idempotencyKey` to continue from this step, or continue with the single mutations.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    step: t.field({
      type: RequestSignatureStepEnum,
      description: 'The step that failed.',
      resolve: ({ step }) => step,
    }),
    cause: t.field({
      type: ErrorInterface,
      description: 'Why the step failed: an error of the single mutation, or a `ServiceFaultError`.',
      // A plain object: graphql-js treats a returned Error as thrown.
      resolve: ({ cause }) => ({ ...cause, message: cause.message }),
    }),
    progress: t.field({
      type: ProgressType,
      description: 'The records that earlier steps have found or created.',
      resolve: ({ progress }) => progress,
    }),
  }),
});
