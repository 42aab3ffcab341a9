// Compiles every deployable contract of this folder into ../artifacts, byte for byte reproducibly.
//
//   npm ci && node compile.mjs            compile and write what changed
//   node compile.mjs --check              compile in memory, exit 1 when an artifact differs
//   node compile.mjs [--check] Vrf FML    only the named contracts
//
// A contract is compiled from its own imports alone, because identifiers that solc numbers across its whole input
// reach the bytecode: a change in one contract must not rewrite the artifact of another.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const SETTINGS = {
  evmVersion: "prague",
  optimizer: { enabled: true, runs: 800 },
  viaIR: true,
  metadata: { bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers"] } },
};

const CONTRACTS = dirname(fileURLToPath(import.meta.url));
const ARTIFACTS = join(CONTRACTS, "..", "artifacts");
const HARNESS = "harness"; // contracts that only the tests deploy; packages do not carry their artifacts

const sha256 = (text) => createHash("sha256").update(text, "utf8").digest("hex");
const json = (value) => JSON.stringify(value, null, 1) + "\n";
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** The text of a source unit: ours by its path below this folder, a library's by its npm path. */
function readSource(unit) {
  return readFileSync(join(CONTRACTS, unit.startsWith("@") ? "node_modules" : "", unit), "utf8");
}

/** Compile one source unit; return solc's output and every source that it read. */
function compile(unit) {
  const sources = { [unit]: { content: readSource(unit) } };
  const findImport = (name) => {
    try {
      sources[name] = { content: readSource(name) };
      return { contents: sources[name].content };
    } catch (error) {
      return { error: error.message };
    }
  };
  const input = (settings) => JSON.stringify({ language: "Solidity", sources: sorted(sources), settings });
  // The first pass only collects the imports: what is compiled must be the complete input that an explorer is given.
  solc.compile(input({ stopAfter: "parsing" }), { import: findImport });
  const output = JSON.parse(solc.compile(input(SETTINGS), { import: findImport }));
  // A library's warnings are for its authors to heed.
  const ours = ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@");
  const messages = (output.errors ?? []).filter(ours);
  for (const message of messages) console.error(message.formattedMessage);
  if (messages.some(({ severity, type }) => severity === "error" || type === "Warning"))
    fail(`${unit} does not compile without errors and warnings`);
  return { output, sources: sorted(sources) };
}

/** What can be deployed: abstract contracts have no code, a library of internal functions has none to call. */
const deployables = (contracts) => Object.keys(contracts).filter(
  (name) => contracts[name].evm.bytecode.object &&
    // the abi leaves out what a library does with its caller's storage
    (Object.keys(contracts[name].evm.methodIdentifiers).length > 0 ||
      contracts[name].abi.some(({ type }) => ["receive", "fallback"].includes(type))),
);

function artifact(unit, name, output, sources) {
  const { abi, evm } = output.contracts[unit][name];
  return {
    contractName: name,
    sourceName: unit,
    compiler: `solc ${solc.version()}`,
    settings: SETTINGS,
    sources: Object.fromEntries(Object.entries(sources).map(([path, { content }]) => [path, sha256(content)])),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    linkReferences: evm.bytecode.linkReferences,
    deployedLinkReferences: evm.deployedBytecode.linkReferences,
    immutableReferences: evm.deployedBytecode.immutableReferences,
  };
}

/** Every file that belongs in ../artifacts, by its path there. */
function build(units) {
  const files = {};
  const shared = {};
  for (const unit of units) {
    const { output, sources } = compile(unit);
    for (const name of deployables(output.contracts[unit] ?? {})) {
      const folder = unit.startsWith(`${HARNESS}/`) ? HARNESS : "";
      files[join(folder, `${name}.json`)] = json(artifact(unit, name, output, sources));
      if (!folder) Object.assign(shared, sources);
    }
  }
  files["standard-input.json"] = json({ language: "Solidity", sources: sorted(shared), settings: SETTINGS });
  return files;
}

const listing = (folder, ending) => existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(ending)).sort() : [];
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const check = process.argv.includes("--check");
const all = [...listing(CONTRACTS, ".sol"), ...listing(join(CONTRACTS, HARNESS), ".sol").map((f) => `${HARNESS}/${f}`)];
const units = all.filter((unit) => named.length === 0 || named.includes(basename(unit, ".sol")));
if (named.length > units.length) fail(`no such contract among ${named.join(", ")}`);
const files = build(units);
if (named.length) delete files["standard-input.json"]; // it holds the sources of all contracts

let different = 0;
const report = (path, what) => console.log(`${what} ${relative(process.cwd(), path)}`) ?? (different += 1);
for (const [name, text] of Object.entries(files)) {
  const path = join(ARTIFACTS, name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  report(path, check ? "differs:" : "wrote");
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const present = [...listing(ARTIFACTS, ".json"), ...listing(join(ARTIFACTS, HARNESS), ".json").map((f) => `${HARNESS}/${f}`)];
for (const name of named.length ? [] : present.filter((name) => !(name in files))) {
  report(join(ARTIFACTS, name), check ? "no source for:" : "removed");
  if (!check) rmSync(join(ARTIFACTS, name));
}
if (check && different) fail(`${different} artifacts differ from their sources`);
console.log(`${Object.keys(files).length} artifacts ${check ? "match their sources" : "up to date"}`);
