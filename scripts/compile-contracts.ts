import { writeFileSync } from 'node:fs';
import { CONTRACT, CONTROL_CONTRACT, compile, compiledPath } from '../mocks/sandbox/http/contract.ts';

/* Part of `npm run types:generate`: writes the operations of both documents in the form that the sandbox loads. */
for (const document of [CONTRACT, CONTROL_CONTRACT]) {
  writeFileSync(compiledPath(document), `${JSON.stringify(await compile(document))}\n`);
}
