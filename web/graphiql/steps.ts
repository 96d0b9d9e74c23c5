import createDossierVariables from '../../examples/create-dossier.json?raw';
import createDossier from '../../examples/create-dossier.graphql?raw';
import createSignatureRequestVariables from '../../examples/create-signature-request.json?raw';
import createSignatureRequest from '../../examples/create-signature-request.graphql?raw';
import findSignerVariables from '../../examples/find-signer.json?raw';
import findSigner from '../../examples/find-signer.graphql?raw';
import inspectDocumentVariables from '../../examples/inspect-document.json?raw';
import inspectDocument from '../../examples/inspect-document.graphql?raw';
import markReadyAndNotifyVariables from '../../examples/mark-ready-and-notify.json?raw';
import markReadyAndNotify from '../../examples/mark-ready-and-notify.graphql?raw';
import requestSignatureVariables from '../../examples/request-signature.json?raw';
import requestSignature from '../../examples/request-signature.graphql?raw';
import changedVariables from '../../examples/signature-request-changed.json?raw';
import changed from '../../examples/signature-request-changed.graphql?raw';
import uploadDocumentVariables from '../../examples/upload-document.json?raw';
import uploadDocument from '../../examples/upload-document.graphql?raw';
import { randomId } from '../random-id.ts';
import { texts } from './language.ts';

export interface Step {
  /** The name of the operation. */
  readonly title: string;
  readonly query: string;
  readonly variables: string;
}

/** One tab for each step, one that watches, one for all steps in one call, and one that inspects a PDF: the operations of `examples/`. */
export function steps(): readonly Step[] {
  const { steps: comments } = texts;
  return [
    step(comments.createDossier, createDossier, createDossierVariables),
    step(comments.findSigner, findSigner, findSignerVariables),
    step(comments.createSignatureRequest, createSignatureRequest, createSignatureRequestVariables),
    step(comments.uploadDocument, uploadDocument, uploadDocumentVariables),
    step(comments.markReadyAndNotify, markReadyAndNotify, markReadyAndNotifyVariables),
    step(comments.watch, changed, changedVariables),
    step(comments.requestSignature, requestSignature, withNewKey(requestSignatureVariables)),
    step(comments.inspectDocument, inspectDocument, inspectDocumentVariables),
  ];
}

function step(comment: readonly string[], example: string, variables: string): Step {
  const operation = example.replace(/^(#.*\n)+/, '');
  const lines = comment.map((line) => `# ${line}\n`).join('');
  return {
    title: /^\w+ (\w+)/.exec(operation)?.[1] ?? '',
    query: `${lines}\n${operation}`,
    variables: variables.trimEnd(),
  };
}

/** The key of the example would return the outcome of an earlier visit. */
function withNewKey(variables: string): string {
  return variables.replace(/("idempotencyKey": )"[^"]*"/, `$1"${randomId()}"`);
}
