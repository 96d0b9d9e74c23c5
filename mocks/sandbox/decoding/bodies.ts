import * as t from 'io-ts';
import { documentMetadataList } from './document-metadata.ts';
import {
  email,
  fiscalCode,
  integerFromStringWithin,
  model,
  nonEmptyString,
  oneOf,
  timestamp,
} from './types.ts';

export const createDossierBody = model(
  'CreateDossierBody',
  { title: t.string, documents_metadata: documentMetadataList },
  { support_email: email },
);

export const getSignerBody = model('GetSignerByFiscalCodeBody', { fiscal_code: fiscalCode });

export const createSignatureRequestBody = model(
  'CreateSignatureRequestBody',
  { dossier_id: nonEmptyString, signer_id: nonEmptyString },
  { expires_at: timestamp, documents_metadata: documentMetadataList },
);

export const setStatusBody = oneOf('SetSignatureRequestStatusBody', ['READY', 'CANCELLED']);

export const listQuery = t.partial({
  continuationToken: nonEmptyString,
  limit: integerFromStringWithin(25, 101),
});
