const PATHS = {
  left: 'm15 5-7 7 7 7',
  right: 'm9 5 7 7-7 7',
  plus: 'M12 5v14M5 12h14',
  bin: 'M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13M10 11v5m4-5v5',
  institution: 'M4 20h16M5 10h14L12 5zM7 10v7m5-7v7m5-7v7M5 17h14',
  message: 'M4 5h16v11H9l-4 4v-4H4zM8 9h8m-8 3h5',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  check: 'm5 12 5 5 9-10',
  alert: 'M12 4 2.5 20h19zM12 10v4m0 3v.5',
  key: 'M14 10a4 4 0 1 1-4 4c0-.7.2-1.4.5-2L4 5.5V3h3v2h2v2h2l1 1.3M14.5 14h.01',
  clock: 'M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  bolt: 'M13 3 5 14h6l-1 7 8-11h-6z',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  pen: 'm4 20 1-4L16 5l3 3L8 19zM14 7l3 3',
  upload: 'M12 16V4m-5 5 5-5 5 5M4 20h16',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20h2',
  star: 'M12 3v6m0 6v6M3 12h6m6 0h6M6 6l3 3m6 6 3 3m0-12-3 3m-6 6-3 3',
  data: 'M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zm0 0c0 4 16 4 16 0M4 12c0 4 16 4 16 0',
  shield: 'M12 3 5 6v6c0 4 3 7 7 9 4-2 7-5 7-9V6z',
  chevron: 'm6 9 6 6 6-6',
  open: 'M14 4h6v6m0-6-9 9M18 14v6H4V6h6',
} as const;

/** A drawing without meaning of its own: the text beside it, or the label of its button, has it. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg className="line-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
