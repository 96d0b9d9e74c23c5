import './scalars.ts';
import './error-types.ts';
import './dossier.ts';
import './signature-request.ts';
import './mutations/create-dossier.ts';
import './mutations/find-signer.ts';
import './mutations/create-signature-request.ts';
import './mutations/upload-document.ts';
import './mutations/create-upload-url.ts';
import './mutations/mark-ready.ts';
import './mutations/notify-signer.ts';
import './mutations/cancel-signature-request.ts';
import './mutations/validate-document.ts';
import './mutations/inspect-document.ts';
import './mutations/request-signature.ts';
import './subscriptions/signature-request-changed.ts';
import { builder } from './builder.ts';
import { requireScopes } from './scopes.ts';

/** The schema of the gateway. Importing the files above registers their types. */
export const schema = requireScopes(builder.toSchema());
