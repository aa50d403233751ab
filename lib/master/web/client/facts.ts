/// <reference lib="dom" />
/** What came with the document. */
import type { PageFacts } from "../page.ts";

export const FACTS: PageFacts = JSON.parse(document.getElementById("facts")!.textContent!);
