import { isObjectType, Kind, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { DocumentNode, FieldNode, GraphQLSchema, SelectionNode } from 'graphql';

/**
 * The document without fields that cost no further call because another one beside them has made it: what a list leaves
 * out of an item is read once, however many fields ask for it. For counting costs, not for running: in fragments fields
 * still count apart.
 */
export function countDetailsOnce(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const info = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(info, {
      SelectionSet(node) {
        const parent = info.getParentType();
        const fields = isObjectType(parent) ? parent.getFields() : {};
        const isDetail = (selection: SelectionNode): selection is FieldNode =>
          selection.kind === Kind.FIELD && fields[selection.name.value]?.extensions['isDetail'] === true;
        const details = node.selections.filter(isDetail);
        if (details.length < 2) return undefined;
        // Those with fields that cost something stay.
        const pictures = details.filter(({ name }) => name.value === 'qrCode');
        const kept: readonly SelectionNode[] = pictures.length > 0 ? pictures : details.slice(0, 1);
        const selections = node.selections.filter(
          (selection) => !isDetail(selection) || kept.includes(selection),
        );
        return { ...node, selections };
      },
    }),
  );
}
