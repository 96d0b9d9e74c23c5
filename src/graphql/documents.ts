import { getOperationAST, GraphQLError, Kind, parse, validate } from 'graphql';
import type {
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  ValidationRule,
  ASTVisitor,
  SelectionNode,
  SelectionSetNode,
  ValidationContext,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Operation } from './operation.ts';
import { checkBrackets, MAX_TOKENS } from './parsing/parameters.ts';

/**
 * The total characters of the kept documents. The length of a document is known before it is parsed; a parsed document of
 * short tokens takes 250 times that in memory.
 */
const MAX_CHARACTERS = 250_000;
/** More errors would not help, and a small request would cause a large response. */
const MAX_ERRORS = 10;

/**
 * Parses and validates documents, and keeps them by their text, with all that does not depend on a request. Clients send the
 * same documents over and over. The number of documents is unlimited: they may differ in a comment of a megabyte.
 */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #rules: readonly ValidationRule[];
  readonly #known = new LRUCache<string, Document | GraphQLError>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, text) => Math.max(text.length, 1),
  });

  /** @param rules all of them, as the specification's are not added */
  constructor(schema: GraphQLSchema, rules: readonly ValidationRule[]) {
    this.#schema = schema;
    this.#rules = rules;
  }

  /** @throws {GraphQLError} for a text that is not a GraphQL document */
  read(text: string): Document {
    let known = this.#known.get(text);
    if (known === undefined) {
      known = this.#parse(text);
      this.#known.set(text, known);
    }
    if (known instanceof GraphQLError) throw known;
    return known;
  }

  #parse(text: string): Document | GraphQLError {
    try {
      checkBrackets(text);
      return new Document(parse(text, { maxTokens: MAX_TOKENS }), this.#schema, this.#rules);
    } catch (error) {
      if (error instanceof GraphQLError) return asParseError(error);
      throw error;
    }
  }
}

/** A parsed document. */
class Document {
  readonly #document: DocumentNode;
  readonly #schema: GraphQLSchema;
  readonly #rules: readonly ValidationRule[];
  readonly #operations = new Map<string, Operation>();
  #errors: readonly GraphQLError[] | undefined;

  constructor(document: DocumentNode, schema: GraphQLSchema, rules: readonly ValidationRule[]) {
    this.#document = document;
    this.#schema = schema;
    this.#rules = rules;
  }

  /** What is wrong with the document, at most ten errors. */
  get errors(): readonly GraphQLError[] {
    return (this.#errors ??= validate(this.#schema, this.#document, this.#rules)
      .slice(0, MAX_ERRORS)
      .map(asValidationError));
  }

  /** @param name not needed for the only operation @throws {GraphQLError} without such an operation */
  operation(name: string | undefined): Operation {
    const known = this.#operations.get(name ?? '');
    if (known !== undefined) return known;
    const node = getOperationAST(this.#document, name);
    if (node == null) throw noSuchOperation();
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of this.#document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    const operation = new Operation(node, fragments, this.#document, this.#schema);
    this.#operations.set(name ?? '', operation);
    return operation;
  }
}

/** By GraphQL over HTTP, section 6.4: 400, and 200 for clients that accept `application/json` alone (`spec`). */
const BAD_REQUEST = { spec: true, status: 400 };

const asParseError = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { code: 'GRAPHQL_PARSE_FAILED', http: BAD_REQUEST, ...error.extensions },
  });

const asValidationError = ({ message, nodes, extensions }: GraphQLError): GraphQLError =>
  new GraphQLError(message, {
    nodes: nodes ?? null,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: BAD_REQUEST, ...extensions },
  });

const noSuchOperation = (): GraphQLError =>
  new GraphQLError('Could not determine what operation to execute.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
  });

const CONDITIONS: readonly string[] = ['skip', 'include'];

/**
 * Refuses subscriptions with a condition on their root field. The specification does since September 2025 (section 5.2.4.1);
 * graphql-js 16 does not, and its executor fails when no field is left.
 */
export function noConditionsAtRoot(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation !== 'subscription') return;
      for (const selection of rootSelections(selectionSet, context, new Set())) {
        const condition = selection.directives?.find(({ name }) => CONDITIONS.includes(name.value));
        if (condition !== undefined)
          context.reportError(
            new GraphQLError(`Subscriptions must not use "@${condition.name.value}" at their root.`, {
              nodes: condition,
            }),
          );
      }
    },
  };
}

/** Visits each fragment once; another rule refuses fragments that include themselves. */
function* rootSelections(
  { selections }: SelectionSetNode,
  context: ValidationContext,
  seen: Set<string>,
): Generator<SelectionNode> {
  for (const selection of selections) {
    yield selection;
    if (selection.kind === Kind.INLINE_FRAGMENT) yield* rootSelections(selection.selectionSet, context, seen);
    if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) continue;
    seen.add(selection.name.value);
    const fragment = context.getFragment(selection.name.value);
    if (fragment) yield* rootSelections(fragment.selectionSet, context, seen);
  }
}
