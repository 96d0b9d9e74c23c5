const DOCUMENTATION = 'https://github.com/sigillo/sigillo#readme';

/** A page without scripts that says what runs at this address, in Italian and English. It has no version and no address of the upstream. */
export function startPage({
  graphiql,
  isBuilt,
}: {
  readonly graphiql: boolean;
  /** Whether there is a page behind the link to GraphiQL. */
  readonly isBuilt: boolean;
}): string {
  const endpoint = graphiql && isBuilt ? '<a href="/graphql">/graphql</a>' : '<code>/graphql</code>';
  const missing =
    graphiql && !isBuilt
      ? '<p>The pages are not built: run <code>npm ci</code>, then <code>npm start</code>.</p>'
      : '';
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Sigillo</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main>
      <h1>Sigillo</h1>
      <p>A GraphQL gateway for Firma con IO, the Italian public service for remote signatures. It answers at ${endpoint}.</p>
      <p lang="it">Un gateway GraphQL per Firma con IO, il servizio pubblico italiano di firma a distanza. Risponde a ${endpoint}.</p>
      <p><a href="${DOCUMENTATION}">Documentation, documentazione</a></p>
      ${missing}
    </main>
  </body>
</html>
`;
}

/** The same as plain text, for clients such as curl. */
export const startText = (
  endpoint: string,
): string => `Sigillo: a GraphQL gateway for Firma con IO, the Italian public service for remote signatures.

GraphQL        POST ${endpoint}
Documentation  ${DOCUMENTATION}
`;
