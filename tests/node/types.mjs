// Reads a JSON array of [folder, options] from stdin, has wrangler's own API generate types in each folder, and writes
// what came of it, [text] or its refusal, as JSON into the file that the first argument names: wrangler itself speaks on
// stdout. Stripped of its colours.
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { experimental_generateTypes as generateTypes } from "wrangler";

const answers = [];
for (const [folder, options] of JSON.parse(await text(process.stdin))) {
  process.chdir(folder);
  answers.push(await generateTypes(options).then(({ content }) => [content], (error) => error.message.replace(/\x1b\[\d+m/g, "")));
}
writeFileSync(process.argv[2], JSON.stringify(answers));
