import { getNamedType, isLeafType, isUnionType } from 'graphql';
import { schema } from '../../src/schema/index.ts';

const SUBFIELDS: Readonly<Record<string, string>> = {
  documents: '{ title status rejectReasons }',
  fieldErrors: '{ path message }',
  anchors: '{ path text matches nearest }',
  cause: '{ code }',
  progress: '{ signatureRequest { id } }',
};

/** A mutation that selects its outcome and all fields of an error. @param payload the selection of a success */
export function mutationOf(name: string, payload?: string): string {
  const capitalised = name.charAt(0).toUpperCase() + name.slice(1);
  const result = schema.getType(`${capitalised}Result`);
  if (!isUnionType(result)) throw new TypeError(`${name} has no union of results`);
  const errors = result.getTypes().filter((type) => type.name.endsWith('Error'));
  const selections = errors.map((type) => {
    const fields = Object.values(type.getFields()).map((field) =>
      isLeafType(getNamedType(field.type)) ? field.name : `${field.name} ${SUBFIELDS[field.name]}`,
    );
    return `... on ${type.name} { ${fields.join(' ')} }`;
  });
  if (payload !== undefined) selections.push(`... on ${capitalised}Payload { ${payload} }`);
  return `mutation ($input: ${capitalised}Input!) { ${name}(input: $input) { __typename ${selections.join(' ')} } }`;
}
