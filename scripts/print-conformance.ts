import { writeFileSync } from 'node:fs';
import { CONFORMANCE_PAGE, conformancePage } from './conformance.ts';

writeFileSync(CONFORMANCE_PAGE, await conformancePage());
