import { GraphQLWorker } from 'monaco-graphql/esm/GraphQLWorker.js';
import 'monaco-graphql/esm/graphql.worker.js';

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
}

const schemaOfVariables = GraphQLWorker.prototype.doGetVariablesJSONSchema;

/** The schema of the library also requires input fields that have a default, so the editor would mark variables without them. */
GraphQLWorker.prototype.doGetVariablesJSONSchema = async function (uri) {
  // The library does not declare what it returns.
  const schema = (await schemaOfVariables.call(this, uri)) as {
    readonly definitions?: Readonly<Record<string, ObjectSchema>>;
  } | null;
  const definitions = Object.entries(schema?.definitions ?? {}).map(([type, definition]) => {
    const { required = [], properties = {} } = definition;
    const isRequired = (name: string): boolean => properties[name]?.default === undefined;
    return [type, { ...definition, required: required.filter(isRequired) }];
  });
  return schema && { ...schema, definitions: Object.fromEntries(definitions) };
};
