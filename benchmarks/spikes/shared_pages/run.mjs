// Replicate one feed with ldes-client and write what came out, as JSON on stdout.
// node run.mjs '{"url": …, "ordered": "none"|"ascending", "state": dir, "after": iso, "loose": bool}'
import { enhanced_fetch, intoConfig, replicateLDES } from "ldes-client";

const AS = "https://www.w3.org/ns/activitystreams#";
const given = JSON.parse(process.argv[2]);
const failures = [];
const members = [];

const client = replicateLDES(
  intoConfig({
    url: given.url,
    statePath: given.state,
    after: given.after ? new Date(given.after) : undefined,
    loose: given.loose ?? false,
    concurrentFetches: given.concurrent ?? 10,
    fetch: enhanced_fetch({ retry: { maxRetries: 3 }, concurrent: given.concurrent ?? 10 }),
  }),
  given.ordered ?? "none",
);
client.on("error", (error) => failures.push(String(error?.message ?? error)));

function note(member) {
  const of = (name) =>
    member.quads.find((q) => q.subject.equals(member.id) && q.predicate.value === AS + name);
  return {
    id: member.id.value,
    record: of("object")?.object.value,
    published: of("published")?.object.value,
    type: member.type?.value.replace(AS, ""),
    quads: member.quads.length,
    foreign: member.quads.filter((q) => q.predicate.value.startsWith("https://w3id.org/tree#")).length,
  };
}

const started = Date.now();
try {
  const reader = client.stream({ highWaterMark: 10 }).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    members.push(note(next.value));
  }
} catch (error) {
  failures.push(String(error?.message ?? error));
}
const text = JSON.stringify({ members, failures, ms: Date.now() - started });
process.stdout.write(text, () => process.exit(0));
