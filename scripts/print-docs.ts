import { readFileSync, writeFileSync } from 'node:fs';
import { SANDBOX_PAGE, sandboxPage } from './sandbox-page.ts';

writeFileSync(SANDBOX_PAGE, await sandboxPage(readFileSync(SANDBOX_PAGE, 'utf8')));
