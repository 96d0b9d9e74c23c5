import Fastify from 'fastify';
import mercurius from 'mercurius';
import { Pool } from 'undici';
import { resolversOf, typeDefs } from '../servers/schema.ts';

/* Mercurius with its JIT, and undici: no authentication, no log. */
const pool = new Pool(process.env.FIRMA_API_URL, { connections: 128 });
const app = Fastify({ logger: false });
await app.register(mercurius, { schema: typeDefs, resolvers: resolversOf(pool), jit: 1, graphiql: false });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
