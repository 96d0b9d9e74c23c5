import { expect, test } from 'vitest';
import { explorerTabs } from '../../../../src/graphql/explorer/explorer.ts';

test('there is a tab for each of the five steps, in order, with its variables, one for the subscription and one for a look into a PDF', () => {
  const tabs = explorerTabs();
  expect(tabs.map(({ title }) => title)).toEqual([
    'CreateDossier',
    'FindSigner',
    'CreateSignatureRequest',
    'UploadedDocument',
    'MarkReadyAndNotify',
    'SignatureRequestChanged',
    'InspectDocument',
  ]);
  for (const [index, { query, variables }] of tabs.entries()) {
    expect(query).toMatch(index < 5 ? new RegExp(`^# Step ${index + 1} of 5: `) : /^# (Watch|Look)/);
    expect(JSON.parse(variables)).toBeTypeOf('object');
  }
});

test('comments fit the width of the editor, except the lines to copy', () => {
  const lines = explorerTabs().flatMap(({ query }) => query.split('\n'));
  const tooWide = lines.filter((line) => line.startsWith('#') && line.length > 51);
  expect(tooWide).toEqual([
    expect.stringMatching(/^# REQUEST=PASTE_REQUEST_ID .*-F 0=@"\$FILE"$/),
    expect.stringMatching(/^# FILE=examples\/contratto.pdf TEXT=Firma; .*-F 0=@"\$FILE"$/),
  ]);
});
