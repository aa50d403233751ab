/** A page of the documentation, taken apart as far as its tests need it. */

export interface Page {
  /** From the project's folder, such as `docs/store.md`. */
  readonly path: string;
  readonly text: string;
  /** The text without its fenced blocks. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

/** A fenced block. */
export interface Block {
  /** As the fence names it; may be empty. */
  readonly language: string;
  readonly text: string;
}

const FENCE = /^```(\w*)\n(.*?)^```$/gms;

export function parsePage(path: string, text: string): Page {
  const blocks = [...text.matchAll(FENCE)].map(([, language = "", text = ""]) => ({ language, text }));
  return { path, text, prose: text.replaceAll(FENCE, ""), blocks };
}

/** Where links lead to, as they are written; those inside code are none. */
export function linksOf({ prose }: Page): string[] {
  const markdown = prose.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g);
  const html = prose.matchAll(/<(?:a|img|source)\b[^>]*\b(?:href|src|srcset)="([^"\s]+)"/g);
  return [...markdown, ...html].map(([, target = ""]) => target);
}

/** What stands between backticks in the prose. */
export function codeSpansOf({ prose }: Page): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** The command lines of a page, continued lines joined. */
export function commandLinesOf(page: Page): string[] {
  const shell = page.blocks.filter(({ language }) => ["sh", "bash", "console"].includes(language));
  return [
    ...shell.flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n")),
    ...codeSpansOf(page),
  ];
}

/** The names by which GitHub links to the headings. */
export function anchorsOf({ prose }: Page): string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The part of the text below a heading, up to the next one of its level or above. */
export function sectionOf({ path, text }: Page, heading: string): string {
  const [marks = ""] = /^#+/.exec(heading) ?? [];
  const start = `\n${text}`.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`${path} has no heading "${heading}"`);
  const rest = text.slice(start + heading.length);
  const end = rest.search(new RegExp(`^#{1,${marks.length}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The rows of the tables in a text, title and ruler left out; cells trimmed. */
export function tableRows(text: string): string[][] {
  return [...text.matchAll(/^\|(.+)\|$/gm)]
    .map(([, row = ""]) => row.split("|").map((cell) => cell.trim()))
    .filter((cells, index, rows) => !isRuler(cells) && !isRuler(rows[index + 1] ?? []));
}

const isRuler = (cells: readonly string[]) =>
  cells.length > 0 && cells.every((cell) => /^:?-+:?$/.test(cell));
