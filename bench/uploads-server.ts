import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { useUploads } from '../src/plugins/use-uploads.ts';
import { BlockPool } from '../src/uploads/block-pool.ts';
import { isFileUpload } from '../src/uploads/file-upload.ts';
import { readPdf } from '../src/uploads/read-pdf.ts';
import { storeFile } from '../src/uploads/store-file.ts';
import { createStorage } from '../src/upstream/storage.ts';

// The path of an upload through the gateway and nothing else: `node bench/uploads-server.ts <storage origin>`.
const [, , origin = ''] = process.argv;
const maxBytes = 2 ** 40;
const pool = new BlockPool();
const storage = createStorage({ allowedHosts: [origin] });
let uploads = 0;

const yoga = createYoga<{ request: Request }>({
  schema: createSchema({
    typeDefs:
      'scalar Upload type Stored { sizeBytes: Float! sha256: String! } type Query { ping: String } type Mutation { upload(file: Upload!): Stored }',
    resolvers: {
      Mutation: {
        async upload(_: unknown, { file }: { file: unknown }, { request: { signal } }: { request: Request }) {
          if (!isFileUpload(file)) throw new TypeError('not a file');
          const target = async (): Promise<string> =>
            `${origin}/account/uploads/${(uploads += 1)}?sv=1&sig=x`;
          return storeFile(readPdf(file, { maxBytes, signal }), { target, storage, pool, signal });
        },
      },
    },
  }),
  plugins: [useUploads({ maxFileBytes: maxBytes })],
  multipart: false,
  maxRequestBodySize: false,
});
const server = createServer(yoga).listen(0, '127.0.0.1', () => {
  // A server that listens on TCP has an address of this form.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
