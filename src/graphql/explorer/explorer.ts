import { readFileSync } from 'node:fs';
import { stripIgnoredCharacters } from 'graphql';

/** One tab of GraphiQL. */
export interface ExplorerTab {
  /** The name of the operation, as GraphiQL sets it with the first edit. */
  readonly title: string;
  readonly query: string;
  readonly variables: string;
}

/** A placeholder for the URL of the GraphQL endpoint, which only the browser knows. */
export const ENDPOINT = '{ENDPOINT}';

/**
 * One tab for each of the five steps, one that subscribes and one that inspects a PDF, made of the operations in `examples/`. Comments have at most
 * 50 columns, because the editor does not wrap and has that width in a window of 1280 pixels.
 */
export function explorerTabs(): readonly ExplorerTab[] {
  return [
    tab('create-dossier', ['Step 1 of 5: the documents to sign.', 'Keep the id of the dossier for step 3.']),
    tab('find-signer', ['Step 2 of 5: the signer.', 'Keep the id of the signer for step 3.']),
    tab('create-signature-request', [
      'Step 3 of 5: the request, as a draft.',
      'Paste both ids into the variables below. Keep',
      'the ids of the request and of its document.',
    ]),
    tab('uploaded-document', [
      'Step 4 of 5: the PDF. This page cannot send',
      'files, so a terminal (bash) does it. Copy the',
      'long line from REQUEST= to its end, paste it',
      'there, put in the ids and your file, run it:',
      '',
      uploadLine(),
      '',
      'Then paste the id of the request below. Run it:',
      'the document is READY if it was accepted.',
    ]),
    tab('mark-ready-and-notify', [
      'Step 5 of 5: hand the request over, get its QR',
      'code, tell the citizen in the IO app. Paste the',
      'id of the request. Then open `url`: the QR code.',
    ]),
    tab('signature-request-changed', [
      'Watch a request: paste its id and run this. The',
      'answer is updated until the request is signed,',
      'rejected or cancelled. It stops when you select',
      'another tab: run the steps in another window of',
      'the browser.',
    ]),
    tab('inspect-document', [
      'Look into a PDF: its pages, and the place of a',
      'text for a signature field. This page cannot',
      'send files, so a terminal (bash) does it. Copy',
      'the long line from FILE= to its end, put in your',
      'file and the text that you look for, run it:',
      '',
      inspectLine(),
    ]),
  ];
}

function tab(example: string, comment: readonly string[]): ExplorerTab {
  const operation = readExample(`${example}.graphql`);
  const lines = comment.map((line) => `# ${line}`.trimEnd());
  return {
    title: /^\w+ (\w+)/.exec(operation)?.[1] ?? example,
    query: `${lines.join('\n')}\n\n${operation}`,
    variables: readExample(`${example}.json`),
  };
}

function uploadLine(): string {
  const input = `{"signatureRequestId":"'$REQUEST'","documentId":"'$DOCUMENT'","file":null}`;
  return `REQUEST=PASTE_REQUEST_ID DOCUMENT=PASTE_DOCUMENT_ID FILE=examples/contratto.pdf; ${sendingLine('upload-document', input)}`;
}

function inspectLine(): string {
  const input = `{"file":null,"anchors":[{"text":"'"$TEXT"'"}]}`;
  return `FILE=examples/contratto.pdf TEXT=Firma; ${sendingLine('inspect-document', input)}`;
}

/** A single line, because a `#` before each of several would be copied too. The values to change come before it. */
function sendingLine(example: string, input: string): string {
  const query = stripIgnoredCharacters(readExample(`${example}.graphql`));
  return [
    `curl ${ENDPOINT}`,
    `-F operations='{"query":"${query}","variables":{"input":${input}}}'`,
    `-F map='{"0":["variables.input.file"]}' -F 0=@"$FILE"`,
  ].join(' ');
}

function readExample(name: string): string {
  return readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
}
