import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { Pool } from 'undici';
import { resolversOf, typeDefs } from './schema.ts';

/* Graphql-yoga as it comes, with undici: no plugin, no authentication, no log. */
const pool = new Pool(process.env['FIRMA_API_URL'] ?? '', { connections: 128 });
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: resolversOf(pool) }),
  graphiql: false,
  landingPage: false,
  logging: 'error',
});
createServer(yoga).listen(Number(process.env['PORT']), '127.0.0.1');
