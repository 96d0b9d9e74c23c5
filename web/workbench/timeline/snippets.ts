import type { OperationItem } from './timeline-store.ts';

export type SnippetKind = 'graphql' | 'curl' | 'typescript' | 'php';

/** The operation as text to copy, for the address that the page has. */
export function snippetOf(kind: SnippetKind, operation: OperationItem, origin: string): string {
  const url = `${origin}/graphql`;
  switch (kind) {
    case 'graphql':
      return graphqlOf(operation);
    case 'curl':
      return curlOf(operation, url);
    case 'typescript':
      return typescriptOf(operation, url);
    case 'php':
      return phpOf(operation, url);
  }
}

type Operation = Pick<OperationItem, 'query' | 'variables' | 'files'>;

const json = (value: unknown): string => JSON.stringify(value, null, 2);
const indent = (text: string, spaces: number): string => text.replaceAll('\n', `\n${' '.repeat(spaces)}`);

/** The part of the multipart request that names the variable of each file. */
const mapOf = ({ files }: Operation): string =>
  JSON.stringify(Object.fromEntries(files.map(({ path }, index) => [index, [path]])));

function graphqlOf({ query, variables }: Operation): string {
  return `${query.trim()}\n\n# Variables\n${json(variables).replaceAll(/^/gm, '# ')}\n`;
}

/** In single quotes a shell changes nothing. */
const shell = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function curlOf(operation: Operation, url: string): string {
  const { query, variables, files } = operation;
  const body = shell(JSON.stringify({ query, variables }));
  if (files.length === 0) return `curl ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d ${body}\n`;
  const parts = files.map(({ name }, index) => `-F ${index}=@${shell(name)}`);
  return `curl ${url} \\\n  -F operations=${body} \\\n  -F map=${shell(mapOf(operation))} \\\n  ${parts.join(' \\\n  ')}\n`;
}

function typescriptOf(operation: Operation, url: string): string {
  const { query, variables, files } = operation;
  const text = `const query = ${JSON.stringify(query)};\nconst variables = ${json(variables)};\n\n`;
  if (files.length === 0)
    return `${text}const response = await fetch('${url}', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query, variables }),
});
const { data, errors } = await response.json();
`;
  const parts = files.map(
    ({ name }, index) =>
      `form.set('${index}', await openAsBlob(${JSON.stringify(name)}, { type: 'application/pdf' }));`,
  );
  return `import { openAsBlob } from 'node:fs';

${text}const form = new FormData();
form.set('operations', JSON.stringify({ query, variables }));
form.set('map', JSON.stringify(${mapOf(operation)}));
${parts.join('\n')}

const response = await fetch('${url}', { method: 'POST', body: form });
const { data, errors } = await response.json();
`;
}

/** In single quotes PHP reads only \\ and \' as escapes. */
const php = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;

function phpOf(operation: Operation, url: string): string {
  const { query, variables, files } = operation;
  const body = php(json({ query, variables }));
  const options =
    files.length === 0
      ? `  CURLOPT_HTTPHEADER => ['Content-Type: application/json'],\n  CURLOPT_POSTFIELDS => ${body},`
      : `  CURLOPT_POSTFIELDS => [
    'operations' => ${indent(body, 0)},
    'map' => ${php(mapOf(operation))},
${files.map(({ name }, index) => `    '${index}' => new CURLFile(${php(name)}, 'application/pdf'),`).join('\n')}
  ],`;
  return `<?php
$call = curl_init(${php(url)});
curl_setopt_array($call, [
  CURLOPT_RETURNTRANSFER => true,
${options}
]);
$answer = json_decode(curl_exec($call), true);
`;
}
