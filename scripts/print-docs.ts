import { readFileSync, writeFileSync } from 'node:fs';
import { CONFIGURATION_PAGE, configurationPage } from './configuration-page.ts';
import { SANDBOX_PAGE, sandboxPage } from './sandbox-page.ts';
import { translatedPage, translatedPages } from './translated-page.ts';

writeFileSync(SANDBOX_PAGE, await sandboxPage(readFileSync(SANDBOX_PAGE, 'utf8')));
writeFileSync(CONFIGURATION_PAGE, await configurationPage());
for (const page of translatedPages()) writeFileSync(page, translatedPage(page));
