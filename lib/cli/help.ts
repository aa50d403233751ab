/** A command's help text, from the declaration that also parses its command line. */
import type { Command, Flag } from "./command.ts";
import { rangeText } from "./flag_value.ts";

export interface HelpOptions {
  /** Columns to wrap at; at least 40 are used. */
  readonly width: number;
}

type Row = readonly [term: string, description: string];

/** The whole text, without a line feed at the end. */
export function helpText(command: Command, options: HelpOptions): string {
  const width = Math.max(40, options.width);
  const { flags, positionals = {}, examples = [] } = command;
  const everywhere: Row[] = [
    ["-h, --help", "Show this text and exit."],
    ["    --version", "Show the version and exit."],
  ];
  const sections = [
    `Usage: ${command.usage}`,
    wrap(command.summary, width).join("\n"),
    section("Arguments", Object.entries(positionals).map(([name, flag]) => positionalRow(name, flag)), width),
    section(
      "Flags",
      [...Object.entries(flags).map(([name, flag]) => flagRow(name, flag)), ...everywhere],
      width,
    ),
    examples.length > 0 ? ["Examples:", ...examples.map((example) => `  ${example}`)].join("\n") : "",
  ];
  return sections.filter(Boolean).join("\n\n");
}

function positionalRow(name: string, flag: Flag): Row {
  return [name.toUpperCase(), description(flag)];
}

function flagRow(name: string, flag: Flag): Row {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  if (flag.kind === "boolean") return [`${short}--${flag.default ? "[no-]" : ""}${name}`, description(flag)];
  return [`${short}--${name} ${valueName(flag)}`, description(flag)];
}

function valueName(flag: Flag): string {
  if (flag.valueName !== undefined) return flag.valueName;
  if (flag.kind === "choice") return flag.choices.join("|");
  if (flag.kind === "address") return "HOST:PORT";
  if (flag.kind === "addresses") return "HOST:PORT,...";
  return flag.kind === "string" ? "TEXT" : "N";
}

function description(flag: Flag): string {
  const range = flag.kind === "integer" || flag.kind === "number" ? rangeText(flag).trim() : "";
  const notes = [range, flag.required ? "required" : "", defaultNote(flag)].filter(Boolean);
  return notes.length > 0 ? `${flag.help} (${notes.join("; ")})` : flag.help;
}

function defaultNote(flag: Flag): string {
  const text = flag.defaultText ?? (flag.kind === "boolean" ? undefined : flag.default?.toString());
  return text === undefined ? "" : `default: ${text}`;
}

const INDENT = "  ";
const GAP = "  ";
/** A longer term has a line of its own, so that it does not push all the descriptions away. */
const MAX_TERM = 30;

function section(title: string, rows: readonly Row[], width: number): string {
  if (rows.length === 0) return "";
  const maxTerm = Math.min(MAX_TERM, Math.floor(width * 0.4));
  const termWidth = Math.max(0, ...rows.map(([term]) => term.length).filter((length) => length <= maxTerm));
  const margin = INDENT + " ".repeat(termWidth) + GAP;
  const lines = rows.flatMap(([term, text]) => {
    const wrapped = wrap(text, width - margin.length).map((line) => margin + line);
    if (term.length > termWidth) return [INDENT + term, ...wrapped];
    const [first = margin, ...others] = wrapped;
    return [INDENT + term.padEnd(termWidth) + first.slice(margin.length - GAP.length), ...others];
  });
  return [`${title}:`, ...lines].join("\n");
}

/** Lines of whole words; a word wider than the line has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
