import { useText } from '../language/language.tsx';
import type { WaitingRequest } from '../sandbox/control.ts';

interface ClausesProps {
  readonly documents: WaitingRequest['documents'];
  /** Titles of the optional clauses that the citizen does not sign. */
  readonly refused: readonly string[];
  readonly onChange: (refused: readonly string[]) => void;
}

/** The documents with their clauses. Only optional clauses can be left out. */
export function Clauses({ documents, refused, onChange }: ClausesProps) {
  const text = useText();
  return documents.map(({ id, title, clauses }) => (
    <fieldset key={id} className="phone-document">
      <legend>{title}</legend>
      {clauses.length === 0 && <p>{text.wholeDocument}</p>}
      {clauses.map((clause, index) => {
        const isOptional = clause.type === 'OPTIONAL';
        const isSigned = !isOptional || !refused.includes(clause.title);
        const change = (): void =>
          onChange(isSigned ? [...refused, clause.title] : refused.filter((other) => other !== clause.title));
        return (
          // Two clauses may have the same title.
          <label key={index} className="clause">
            <input type="checkbox" checked={isSigned} disabled={!isOptional} onChange={change} />
            <span>
              {clause.title}
              <small>
                {text.clauseTypes[clause.type]} · {isOptional ? text.maySign : text.mustSign}
              </small>
            </span>
          </label>
        );
      })}
    </fieldset>
  ));
}
