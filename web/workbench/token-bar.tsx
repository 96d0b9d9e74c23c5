import { useId, useState } from 'react';
import { isRefused, setToken, token } from './gateway/token.ts';
import { Icon } from './icon.tsx';
import { useText } from './language/language.tsx';
import { useSubject } from './subject.ts';

/** The field for a token: of a gateway with authentication, which has refused a request, or to change the token in use. */
export function TokenBar() {
  const text = useText();
  const id = useId();
  const current = useSubject(token);
  const refused = useSubject(isRefused);
  const [typed, setTyped] = useState(current);
  if (!refused && current === '') return null;
  return (
    <form
      aria-label={text.token}
      className={`token-bar${refused ? ' refused' : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        setToken(typed.trim());
      }}
    >
      <label htmlFor={id}>
        <Icon name="key" /> {text.token}
      </label>
      <input
        id={id}
        type="password"
        className="form-control"
        autoComplete="off"
        aria-describedby={`${id}-hint`}
        aria-invalid={refused && current !== ''}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
      <button className="btn btn-primary btn-sm">{text.useToken}</button>
      <small id={`${id}-hint`} role={refused ? 'alert' : undefined}>
        {!refused ? text.tokenHint : current === '' ? text.tokenMissing : text.tokenRefused}
      </small>
    </form>
  );
}
