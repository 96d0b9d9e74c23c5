import { getArgumentValues, GraphQLError, isObjectType, locatedError, responsePathAsArray } from 'graphql';
import type {
  ExecutionResult,
  GraphQLAbstractType,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLResolveInfo,
  GraphQLSchema,
  OperationDefinitionNode,
  ResponsePath,
} from 'graphql';
import type { FieldPlan, SelectionPlan, ValuePlan, Values } from './plan.ts';

type Path = ResponsePath | undefined;
type Plan<Kind extends ValuePlan['kind']> = Extract<ValuePlan, { kind: Kind }>;

/** An operation with its variables, and what resolvers receive. */
export interface PlannedExecution {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  /** As `GraphQLResolveInfo` has them. */
  readonly fragments: GraphQLResolveInfo['fragments'];
  readonly selection: SelectionPlan;
  readonly variables: Values;
  readonly context: unknown;
}

/**
 * Executes a planned query or mutation as graphql-js does (GraphQL specification, section 6.2). It never rejects: errors are
 * in the result. graphql-js would collect the fields, and build the arguments and the `info` of each of them, anew for every
 * object of every request.
 */
export function executePlan(planned: PlannedExecution): Promise<ExecutionResult> {
  return new Execution(planned).run();
}

/** The object of an answer. Like those of graphql-js it has no prototype, so that `__proto__` is a key like any other. */
class Answer {
  [key: string]: unknown;
}
Object.setPrototypeOf(Answer.prototype, null);
Reflect.deleteProperty(Answer.prototype, 'constructor');

class Execution {
  readonly #planned: PlannedExecution;
  readonly #errors: GraphQLError[] = [];
  /** The positions that an error has made null; `undefined` is the whole answer. */
  readonly #nulled = new Set<Path>();

  constructor(planned: PlannedExecution) {
    this.#planned = planned;
  }

  async run(): Promise<ExecutionResult> {
    const { operation, selection } = this.#planned;
    let data: Answer | null;
    try {
      data = await (operation.operation === 'mutation'
        ? this.#serially(selection)
        : this.#fields(selection, undefined, undefined));
    } catch (error) {
      data = null;
      // Every error that passes a field is located.
      this.#record(error instanceof GraphQLError ? error : locatedError(error, [operation]), undefined);
    }
    return this.#errors.length === 0 ? { data } : { errors: this.#errors, data };
  }

  async #serially(selection: SelectionPlan): Promise<Answer> {
    const answer = new Answer();
    for (const field of selection) {
      const value = this.#field(field, undefined, undefined);
      answer[field.key] = isPromise(value) ? await value : value;
    }
    return answer;
  }

  #fields(selection: SelectionPlan, source: unknown, path: Path): Answer | Promise<Answer> {
    const answer = new Answer();
    let keys: string[] | undefined;
    let pending: PromiseLike<unknown>[] | undefined;
    try {
      for (const field of selection) {
        const value = this.#field(field, source, path);
        answer[field.key] = value; // a promise keeps the place
        if (!isPromise(value)) continue;
        (keys ??= []).push(field.key);
        (pending ??= []).push(value);
      }
    } catch (error) {
      return failedAfter(pending ?? [], error);
    }
    return pending === undefined || keys === undefined ? answer : settled(answer, keys, pending);
  }

  #field(plan: FieldPlan, source: unknown, parentPath: Path): unknown {
    const { resolve, value: valuePlan } = plan;
    const { variables, context } = this.#planned;
    const info = new FieldInfo(plan, this.#planned, parentPath);
    let value: unknown;
    try {
      value = resolve(
        source,
        plan.args ?? getArgumentValues(plan.field, plan.nodes[0], variables),
        context,
        info,
      );
    } catch (error) {
      return this.#fail(error, valuePlan, info, undefined);
    }
    return this.#value(valuePlan, info, value, undefined);
  }

  /** Completes a value, now or when it resolves; an error makes it null, or its parent. */
  #value(plan: ValuePlan, info: FieldInfo, value: unknown, itemPath: Path): unknown {
    if (isPromise(value))
      return value.then(
        (resolved) => this.#value(plan, info, resolved, itemPath),
        (error: unknown) => this.#fail(error, plan, info, itemPath),
      );
    try {
      const completed = this.#complete(plan, info, value, itemPath);
      if (!isPromise(completed)) return completed;
      return completed.then(undefined, (error: unknown) => this.#fail(error, plan, info, itemPath));
    } catch (error) {
      return this.#fail(error, plan, info, itemPath);
    }
  }

  /** @param itemPath for an item of a list; the path of a field is in its `info` */
  #complete(plan: ValuePlan, info: FieldInfo, value: unknown, itemPath: Path): unknown {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) {
      if (plan.isNonNull) throw new Error(`Cannot return null for non-nullable field ${info.coordinate}.`);
      return null;
    }
    switch (plan.kind) {
      case 'leaf':
        return completeLeaf(plan, value);
      case 'list':
        return this.#list(plan, info, value, itemPath ?? info.path);
      case 'object':
        return this.#withDetail(plan, info, value, itemPath ?? info.path);
      case 'abstract':
        return this.#abstract(plan, info, value, itemPath ?? info.path);
    }
  }

  #list(plan: Plan<'list'>, info: FieldInfo, value: unknown, path: Path): unknown {
    if (!isIterable(value))
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${info.coordinate}".`);
    const { item: itemPlan } = plan;
    const completed: unknown[] = [];
    const pending: PromiseLike<unknown>[] = [];
    try {
      for (const item of value) {
        const itemPath = { prev: path, key: completed.length, typename: undefined };
        const entry = this.#value(itemPlan, info, item, itemPath);
        completed.push(entry);
        if (isPromise(entry)) pending.push(entry);
      }
    } catch (error) {
      return failedAfter(pending, error);
    }
    return pending.length === 0 ? completed : Promise.all(completed);
  }

  #withDetail(plan: Plan<'object'>, info: FieldInfo, value: unknown, path: Path): unknown {
    const { type, selection } = plan;
    const source = plan.withDetail?.(value, this.#planned.context) ?? value;
    if (!isPromise(source)) return this.#object(type, selection, info, source, path);
    return source.then((whole) => this.#object(type, selection, info, whole, path));
  }

  #object(
    type: GraphQLObjectType,
    selection: SelectionPlan,
    info: FieldInfo,
    value: unknown,
    path: Path,
  ): unknown {
    if (!type.isTypeOf) return this.#fields(selection, value, path);
    const isOfType = type.isTypeOf(value, this.#planned.context, info);
    if (isPromise(isOfType))
      return isOfType.then((resolved) => {
        if (!resolved) throw notOfType(type, info);
        return this.#fields(selection, value, path);
      });
    if (!isOfType) throw notOfType(type, info);
    return this.#fields(selection, value, path);
  }

  #abstract(plan: Plan<'abstract'>, info: FieldInfo, value: unknown, path: Path): unknown {
    const name: unknown = plan.resolveType(value, this.#planned.context, info, plan.type);
    const complete = (resolved: unknown): unknown => {
      const type = possibleType(resolved, plan.type, info);
      return this.#object(type, plan.selectionFor(type), info, value, path);
    };
    return isPromise(name) ? name.then(complete) : complete(name);
  }

  /** Makes the value null, or passes the error on to the parent of a value that must not be null. */
  #fail(error: unknown, { isNonNull }: ValuePlan, info: FieldInfo, itemPath: Path): null {
    const path = itemPath ?? info.path;
    const located = locatedError(error, info.fieldNodes, responsePathAsArray(path));
    if (isNonNull) throw located;
    this.#record(located, path);
    return null;
  }

  /** Keeps no error of a value below one that is null already. */
  #record(error: GraphQLError, path: Path): void {
    if (this.#nulled.has(undefined)) return;
    for (let at = path; at !== undefined; at = at.prev) if (this.#nulled.has(at)) return;
    this.#nulled.add(path);
    this.#errors.push(error);
  }
}

/** What a resolver receives about its field. Most read nothing of it, so its members are made when they are read. */
class FieldInfo implements GraphQLResolveInfo {
  readonly #plan: FieldPlan;
  readonly #planned: PlannedExecution;
  readonly #parentPath: Path;
  #path: Path;

  constructor(plan: FieldPlan, planned: PlannedExecution, parentPath: Path) {
    this.#plan = plan;
    this.#planned = planned;
    this.#parentPath = parentPath;
  }

  /** Always the same object, as the positions of errors are compared. */
  get path(): ResponsePath {
    return (this.#path ??= {
      prev: this.#parentPath,
      key: this.#plan.key,
      typename: this.#plan.parentType.name,
    });
  }

  get fieldName(): string {
    return this.#plan.field.name;
  }

  get fieldNodes(): GraphQLResolveInfo['fieldNodes'] {
    return this.#plan.nodes;
  }

  get returnType(): GraphQLOutputType {
    return this.#plan.field.type;
  }

  get parentType(): GraphQLObjectType {
    return this.#plan.parentType;
  }

  get schema(): GraphQLSchema {
    return this.#planned.schema;
  }

  get fragments(): GraphQLResolveInfo['fragments'] {
    return this.#planned.fragments;
  }

  get rootValue(): undefined {
    return undefined;
  }

  get operation(): OperationDefinitionNode {
    return this.#planned.operation;
  }

  get variableValues(): GraphQLResolveInfo['variableValues'] {
    return this.#planned.variables;
  }

  /** `Type.field`, for messages. */
  get coordinate(): string {
    return `${this.#plan.parentType.name}.${this.#plan.field.name}`;
  }
}

/** Lets what has started end before its parent becomes null, and handles its rejections. */
function failedAfter(pending: readonly PromiseLike<unknown>[], error: unknown): Promise<never> {
  if (pending.length === 0) throw error;
  return Promise.all(pending).then(
    () => {
      throw error;
    },
    () => {
      throw error;
    },
  );
}

async function settled(
  answer: Answer,
  keys: readonly string[],
  pending: readonly PromiseLike<unknown>[],
): Promise<Answer> {
  const values = pending.length === 1 ? [await pending[0]] : await Promise.all(pending);
  for (let index = 0; index < keys.length; index += 1) answer[keys[index] ?? ''] = values[index];
  return answer;
}

function completeLeaf({ type }: Plan<'leaf'>, value: unknown): unknown {
  const serialized: unknown = type.serialize(value);
  if (serialized === null || serialized === undefined)
    throw new Error(`The scalar or enum ${type.name} serialized a value to ${String(serialized)}.`);
  return serialized;
}

function possibleType(
  name: unknown,
  type: GraphQLAbstractType,
  { schema, coordinate }: FieldInfo,
): GraphQLObjectType {
  const found = typeof name === 'string' ? schema.getType(name) : undefined;
  if (isObjectType(found) && schema.isSubType(type, found)) return found;
  throw new GraphQLError(
    `Abstract type "${type.name}" resolved to no possible type for field "${coordinate}".`,
  );
}

/** The value is not a part of the message, because it may be data of a citizen. */
const notOfType = (type: GraphQLObjectType, { fieldNodes }: FieldInfo): GraphQLError =>
  new GraphQLError(`Expected a value of type "${type.name}".`, { nodes: fieldNodes });

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
