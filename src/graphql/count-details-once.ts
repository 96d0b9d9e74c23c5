import { isObjectType, Kind, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { DocumentNode, FieldNode, GraphQLSchema, SelectionNode } from 'graphql';

/**
 * A copy of the document for the count of upstream calls. Fields that a list does not contain share one read of their item,
 * so the copy keeps only one of them in each selection set. Fields in fragments are still counted separately.
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
        // A QR code image has a cost of its own, so all of them stay.
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
