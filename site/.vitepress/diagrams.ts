import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

/** Mermaid diagrams are drawn by the build: the pages load no library for them. Their colours are in theme/style.css. */
export function diagrams(md: MarkdownRenderer): void {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token?.info.trim() === 'mermaid') return drawn(token.content);
    return fence?.(tokens, index, options, env, self) ?? '';
  };
}

function drawn(source: string): string {
  const svg = renderMermaidSVG(source, { transparent: true });
  // Its style loads a font of another origin, and Vue refuses style elements in a page.
  const withoutStyle = svg.replace(/<style>.*?<\/style>/s, '').replace(/(<svg[^>]*?) style="[^"]*"/, '$1');
  return `<div class="diagram" tabindex="0" v-pre>${withoutStyle}</div>\n`;
}
