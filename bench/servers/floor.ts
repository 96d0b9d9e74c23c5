import { createServer } from 'node:http';
import { parse, validate } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { CompiledQuery } from 'graphql-jit';
import { createSchema } from 'graphql-yoga';
import { Pool } from 'undici';
import { resolversOf, typeDefs } from './schema.ts';

/*
 * The smallest honest program in Node that does the same HTTP calls: node:http, compiled GraphQL with a cache of documents,
 * and undici. It has no limits, no authentication, no log and no checks of answers.
 */
interface GraphQLRequest {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

const pool = new Pool(process.env['FIRMA_API_URL'] ?? '', { connections: 128 });
const schema = createSchema({ typeDefs, resolvers: resolversOf(pool) });
const compiled = new Map<string, CompiledQuery>();

function compile(query: string): CompiledQuery {
  const known = compiled.get(query);
  if (known !== undefined) return known;
  const document = parse(query);
  const [error] = validate(schema, document);
  if (error) throw error;
  const result = compileQuery(schema, document);
  if (!isCompiledQuery(result)) throw new Error('The operation cannot be compiled.');
  if (compiled.size < 1000) compiled.set(query, result);
  return result;
}

async function answer(body: string): Promise<string> {
  // The load sends only such requests.
  const { query, variables = {} } = JSON.parse(body) as GraphQLRequest;
  return JSON.stringify(await compile(query).query(undefined, {}, variables));
}

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    answer(Buffer.concat(chunks).toString()).then(
      (text) =>
        res
          .writeHead(200, {
            'content-type': 'application/json; charset=utf-8',
            'content-length': Buffer.byteLength(text),
          })
          .end(text),
      (error: unknown) => res.writeHead(400).end(String(error)),
    );
  });
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
