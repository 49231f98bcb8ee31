// Replicate one feed with ldes-client and write what came out, as JSON on stdout.
// node replicate.mjs '{"url": …, "ordered": "none"|"ascending", "state": dir, "accept": media,
//                      "until": file that ends a following client once it has as many members
//                      as the file says, "noShape": bool}'
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { enhanced_fetch, intoConfig, replicateLDES } from "ldes-client";

const AS = "https://www.w3.org/ns/activitystreams#";
const given = JSON.parse(process.argv[2]);
const failures = [];
const members = [];
let requests = 0;

async function counted(url, init = {}) {
  requests += 1;
  const headers = new Headers(init.headers);
  if (given.accept) headers.set("accept", given.accept);
  return fetch(url, { ...init, headers });
}

const client = replicateLDES(
  intoConfig({
    url: given.url,
    statePath: given.state,
    polling: given.until !== undefined,
    pollInterval: 500,
    noShape: given.noShape ?? false,
    fetch: enhanced_fetch({ retry: { maxRetries: 3 }, concurrent: 10 }, counted),
  }),
  given.ordered ?? "none",
);
client.on("error", (error) => failures.push(String(error?.message ?? error)));

// One digest a member, whatever the order of its quads; they have no blank nodes.
function digest(quads) {
  const lines = quads.map((quad) =>
    [quad.subject, quad.predicate, quad.object, quad.graph]
      .map((term) => `${term.value}\t${term.datatype?.value ?? ""}`)
      .join("\t"),
  );
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
}

function note(member) {
  const of = (name) =>
    member.quads.find((q) => q.subject.equals(member.id) && q.predicate.value === AS + name);
  members.push({
    id: member.id.value,
    record: of("object")?.object.value,
    published: of("published")?.object.value,
    type: of("object") && member.quads.find((q) => q.object.value.startsWith(AS))?.object.value.slice(AS.length),
    digest: digest(member.quads),
  });
}

function finish() {
  const text = JSON.stringify({ members, failures, requests, ms: Date.now() - started });
  process.stdout.write(text, () => process.exit(0));
}

function enough() {
  return existsSync(given.until) && members.length >= Number(readFileSync(given.until));
}

const started = Date.now();
if (given.until) setInterval(() => enough() && finish(), 200);
try {
  const reader = client.stream({ highWaterMark: 10 }).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) note(next.value);
} catch (error) {
  failures.push(String(error?.message ?? error));
}
finish();
