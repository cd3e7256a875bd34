// Runs one TypeScript file with the compiler of tools/contract: types are dropped, not checked.
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const typescript = require("./contract/node_modules/typescript");

const directory = mkdtempSync(join(tmpdir(), "example-"));
const script = join(directory, "example.mjs");
const source = readFileSync(process.argv[2], "utf8");
const options = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 };
writeFileSync(script, typescript.transpileModule(source, { compilerOptions: options }).outputText);
import(pathToFileURL(script).href).finally(() => rmSync(directory, { recursive: true }));
