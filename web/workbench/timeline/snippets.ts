import type { OperationItem } from './timeline-store.ts';

export type SnippetKind = 'graphql' | 'curl' | 'typescript' | 'php';

type Operation = Pick<OperationItem, 'query' | 'variables' | 'files'>;

interface Target {
  /** Of the gateway. */
  readonly origin: string;
  /** Whether it asks for a token, which the text takes from the environment: a copy must not carry a secret. */
  readonly hasToken: boolean;
}

/** The operation as text to copy. Its files are looked up in the folder where it runs. */
export function snippetOf(kind: SnippetKind, operation: Operation, { origin, hasToken }: Target): string {
  const url = `${origin}/graphql`;
  switch (kind) {
    case 'graphql':
      return graphqlOf(operation);
    case 'curl':
      return curlOf(operation, url, hasToken);
    case 'typescript':
      return typescriptOf(operation, url, hasToken);
    case 'php':
      return phpOf(operation, url, hasToken);
  }
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** The part of the multipart request that names the variable of each file. */
const mapOf = ({ files }: Operation): string =>
  JSON.stringify(Object.fromEntries(files.map(({ path }, index) => [index, [path]])));

function graphqlOf({ query, variables }: Operation): string {
  return `${query.trim()}\n\n# Variables\n${json(variables).replaceAll(/^/gm, '# ')}\n`;
}

/** In single quotes a shell changes nothing. */
const shell = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function curlOf(operation: Operation, url: string, hasToken: boolean): string {
  const { query, variables, files } = operation;
  const body = shell(JSON.stringify({ query, variables }));
  const parts =
    files.length === 0
      ? [`-H 'Content-Type: application/json'`, `-d ${body}`]
      : [
          `-F operations=${body}`,
          `-F map=${shell(mapOf(operation))}`,
          ...files.map(({ name }, index) => `-F ${index}=@${shell(name)}`),
        ];
  const token = hasToken ? ['-H "Authorization: Bearer $TOKEN"'] : [];
  return `curl ${[url, ...token, ...parts].join(' \\\n  ')}\n`;
}

function typescriptOf(operation: Operation, url: string, hasToken: boolean): string {
  const { query, variables, files } = operation;
  const hasFiles = files.length > 0;
  const headers = [
    ...(hasFiles ? [] : [`'content-type': 'application/json'`]),
    ...(hasToken ? ['authorization: `Bearer ${process.env.TOKEN}`'] : []),
  ];
  const parts = files.map(
    ({ name }, index) =>
      `body.set('${index}', await openAsBlob(${JSON.stringify(name)}, { type: 'application/pdf' }), ${JSON.stringify(name)});\n`,
  );
  return [
    hasFiles ? `import { openAsBlob } from 'node:fs';\n\n` : '',
    `const query = ${JSON.stringify(query)};\nconst variables = ${json(variables)};\n\n`,
    hasFiles
      ? `const body = new FormData();
body.set('operations', JSON.stringify({ query, variables }));
body.set('map', JSON.stringify(${mapOf(operation)}));
${parts.join('')}`
      : 'const body = JSON.stringify({ query, variables });\n',
    headers.length === 0 ? '' : `const headers = { ${headers.join(', ')} };\n`,
    `
const response = await fetch('${url}', { method: 'POST', ${headers.length === 0 ? '' : 'headers, '}body });
const { data, errors } = await response.json();
console.log(JSON.stringify(errors ?? data, null, 2));
`,
  ].join('');
}

/** In single quotes PHP reads only \\ and \' as escapes. */
const php = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;

function phpOf(operation: Operation, url: string, hasToken: boolean): string {
  const { query, variables, files } = operation;
  const body = php(json({ query, variables }));
  const headers = [
    ...(files.length === 0 ? [`'Content-Type: application/json'`] : []),
    ...(hasToken ? [`'Authorization: Bearer ' . getenv('TOKEN')`] : []),
  ];
  const fields =
    files.length === 0
      ? body
      : `[
    'operations' => ${body},
    'map' => ${php(mapOf(operation))},
${files.map(({ name }, index) => `    '${index}' => new CURLFile(${php(name)}, 'application/pdf'),`).join('\n')}
  ]`;
  return `<?php
$call = curl_init(${php(url)});
curl_setopt_array($call, [
  CURLOPT_RETURNTRANSFER => true,
${headers.length === 0 ? '' : `  CURLOPT_HTTPHEADER => [${headers.join(', ')}],\n`}  CURLOPT_POSTFIELDS => ${fields},
]);
$answer = json_decode(curl_exec($call), true);
print_r($answer['errors'] ?? $answer['data']);
`;
}
