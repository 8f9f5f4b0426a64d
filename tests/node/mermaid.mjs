// Reads a JSON array of mermaid diagrams from stdin, writes an array of null or what mermaid's parser says against each.
import { text } from "node:stream/consumers";
import mermaid from "mermaid";

const verdicts = [];
for (const diagram of JSON.parse(await text(process.stdin))) {
  verdicts.push(await mermaid.parse(diagram).then(() => null, (error) => error.message));
}
process.stdout.write(JSON.stringify(verdicts));
