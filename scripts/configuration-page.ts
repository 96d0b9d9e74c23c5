import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { variablesByArea } from '../src/config/load.ts';
import { markdownTable } from './markdown-table.ts';

export const CONFIGURATION_PAGE = 'docs/reference/configuration.md';

const INTRODUCTION = `# Configuration

<!-- Generated from the schemas in src/config by npm run docs:print. -->

Sigillo reads its configuration from environment variables, once, at start. It reports every mistake in one message and
exits with code 1. Names of files are relative to the working directory.
`;

/** The reference of all variables, as the schemas in `src/config` describe them. */
export async function configurationPage(): Promise<string> {
  const areas = Object.entries(variablesByArea).map(([title, variables]) => {
    const rows = Object.entries(variables).map(([name, schema]) => [
      `\`${name}\``,
      defaultOf(schema),
      schema.description ?? '',
    ]);
    return `## ${title}\n\n${markdownTable(['variable', 'default', 'meaning'], rows)}`;
  });
  const page = [INTRODUCTION, ...areas].join('\n');
  return format(page, { ...(await resolveConfig(CONFIGURATION_PAGE)), parser: 'markdown' });
}

function defaultOf(schema: z.ZodType): string {
  return schema instanceof z.ZodDefault ? `\`${String(schema.def.defaultValue)}\`` : '';
}
