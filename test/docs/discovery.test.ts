import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };

/** The length of a text as publiccode.yml counts it. */
const lengthOf = (text: string): number => [...new Intl.Segmenter().segment(text)].length;
const text = (minimum: number, maximum: number): z.ZodType<string> =>
  z.string().refine((value) => lengthOf(value) >= minimum && lengthOf(value) <= maximum);
const language = z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/);

/** The part of the standard, version 0.4, that our file uses: any other key fails. */
const publiccode = z.strictObject({
  publiccodeYmlVersion: z.literal('0.4'),
  name: z.string().min(1),
  url: z.url(),
  landingURL: z.url(),
  platforms: z.array(z.enum(['web', 'windows', 'mac', 'linux', 'ios', 'android'])).min(1),
  // Four of the controlled vocabulary of the standard.
  categories: z
    .array(z.enum(['e-signature', 'document-management', 'application-development', 'test-management']))
    .min(1),
  developmentStatus: z.enum(['concept', 'development', 'beta', 'stable', 'obsolete']),
  softwareType: z.literal('standalone/backend'),
  description: z.record(
    language,
    z.strictObject({
      shortDescription: text(1, 150),
      longDescription: text(150, 10_000),
      documentation: z.url(),
      apiDocumentation: z.url(),
      features: z.array(z.string().min(1)).min(1),
      screenshots: z.array(z.string().refine((path) => existsSync(path))),
    }),
  ),
  legal: z.strictObject({ license: z.literal(packageJson.license) }),
  maintenance: z.strictObject({
    type: z.literal('community'),
    contacts: z.array(z.strictObject({ name: z.string().min(1) })).min(1),
  }),
  localisation: z.strictObject({
    localisationReady: z.boolean(),
    availableLanguages: z.array(language).min(1),
  }),
  dependsOn: z.strictObject({
    open: z.array(
      z.strictObject({
        name: z.string().min(1),
        versionMin: z.string().optional(),
        optional: z.boolean().optional(),
      }),
    ),
  }),
  it: z.strictObject({
    countryExtensionVersion: z.enum(['0.2', '1.0']),
    piattaforme: z.strictObject({
      spid: z.boolean(),
      pagopa: z.boolean(),
      cie: z.boolean(),
      anpr: z.boolean(),
      io: z.boolean(),
    }),
  }),
});

test('publiccode.yml follows the standard, and agrees with package.json', () => {
  const file = publiccode.parse(parse(readFileSync('publiccode.yml', 'utf8')));
  expect(Object.keys(file.description)).toEqual(['en', 'it']);
  expect(packageJson.repository.url).toBe(`git+${file.url}`);
  const [node] = file.dependsOn.open;
  expect(packageJson.engines.node).toBe(`>=${node?.versionMin}`);
});

test('llms.txt has a title, a summary, and lists of pages that exist', () => {
  const page = readFileSync('llms.txt', 'utf8');
  const [head = '', ...sections] = page.split('\n## ');
  expect(head).toMatch(/^# Sigillo\n\n(> .+\n)+\n(- .+\n( {2}.+\n)*)+$/);
  for (const section of sections) {
    const [title, ...lines] = section.trimEnd().split('\n');
    expect(lines[0], title).toBe('');
    for (const line of lines.slice(1)) {
      const [, target = ''] = /^- \[[^\]]+\]\(([^)]+)\): .+$/.exec(line) ?? [];
      expect(existsSync(target), line).toBe(true);
    }
  }
});
