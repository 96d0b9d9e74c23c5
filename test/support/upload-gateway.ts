import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLScalarType } from 'graphql';
import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';
import { loadConfig } from '../../src/config/load.ts';
import { useUploads } from '../../src/graphql/parsing/use-uploads.ts';
import type { UploadsPluginOptions } from '../../src/graphql/parsing/use-uploads.ts';
import { BlockPool } from '../../src/uploads/block-pool.ts';
import { UploadError, isFileUpload } from '../../src/uploads/file-upload.ts';
import type { FileUpload } from '../../src/uploads/file-upload.ts';
import { readPdf, StartedPdf } from '../../src/uploads/read-upload.ts';
import { storeFile } from '../../src/uploads/store-file.ts';
import { UpstreamError } from '../../src/upstream/failure.ts';
import { createStorage } from '../../src/upstream/storage/create-storage.ts';
import type { StorageOptions } from '../../src/upstream/storage/create-storage.ts';
import { NO_PROXY } from '../../src/upstream/connect-through.ts';

interface UploadGatewayOptions {
  /** The URL of the blob with this name. */
  readonly target: (name: string) => string | Promise<string>;
  readonly storage: Omit<StorageOptions, 'proxyFor'>;
  readonly uploads?: Partial<UploadsPluginOptions>;
  readonly maxBytes?: number;
}

const typeDefs = /* GraphQL */ `
  scalar Upload
  type Stored {
    sizeBytes: Float!
    sha256: String!
    filename: String
  }
  type Query {
    ping: String!
    both(a: Upload!, b: Upload!): Int!
  }
  type Mutation {
    upload(name: String, file: Upload!): Stored
    refuse(file: Upload): Stored
  }
`;

/** The smallest gateway with uploads: a Yoga with the plugin, and a mutation that stores a file. */
export async function startUploadGateway(options: UploadGatewayOptions) {
  const { maxUploadBytes, uploadStallMs: stallTimeoutMs } = loadConfig({});
  const { target, maxBytes = maxUploadBytes } = options;
  const pool = new BlockPool({ blocks: 4 });
  const earlyPool = new BlockPool({ blocks: 2 });
  const { shared: storage } = createStorage({ ...options.storage, proxyFor: NO_PROXY });

  const resolvers = {
    Upload: new GraphQLScalarType({
      name: 'Upload',
      parseValue(value) {
        if (isFileUpload(value)) return value;
        throw createGraphQLError('Upload value invalid.');
      },
    }),
    Query: {
      ping: () => 'pong',
      both: async (_: unknown, { a, b }: { a: FileUpload; b: FileUpload }) =>
        (await Promise.all([size(b), size(a)])).reduce((x, y) => x + y),
    },
    Mutation: {
      refuse: () => {
        throw createGraphQLError('refused');
      },
      async upload(
        _: unknown,
        { name = 'blob', file }: { name?: string; file: FileUpload },
        { request }: { request: Request },
      ) {
        try {
          const { signal } = request;
          using pdf = await StartedPdf.from(readPdf(file, { maxBytes, signal }));
          const stored = await storeFile(pdf, await target(name), { storage, pool, signal });
          return { ...stored, filename: file.filename };
        } catch (error) {
          if (error instanceof UploadError || error instanceof UpstreamError) {
            const detail = error instanceof UpstreamError ? { detail: error.detail } : {};
            throw createGraphQLError(error.message, { extensions: { kind: error.kind, ...detail } });
          }
          throw error;
        }
      },
    },
  };
  const yoga = createYoga({
    schema: createSchema({ typeDefs, resolvers }),
    plugins: [useUploads({ earlyPool, maxFileBytes: maxUploadBytes, stallTimeoutMs, ...options.uploads })],
    multipart: false,
    maxRequestBodySize: false,
    logging: false,
  });
  const server = createServer(yoga);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    pool,
    earlyPool,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await storage.close();
    },
  };
}

async function size(file: FileUpload): Promise<number> {
  let bytes = 0;
  for await (const chunk of file.read()) bytes += chunk.length;
  return bytes;
}
