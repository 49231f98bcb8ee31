-- wrk script: each request is the next line of a file: a query string and, after a tab, an ETag.
-- Arguments after --: the file, the path, the media type to accept, "once" or "again" (whether to
-- begin anew where the lines end). Prints one JSON line at the end.
local requests, at, again = {}, 0, false

function init(arguments)
  again = arguments[4] == "again"
  for line in io.lines(arguments[1]) do
    local query, tag = line:match("^([^\t]*)\t?(.*)$")
    local head = { ["Accept"] = arguments[3] }
    if tag ~= "" then head["If-None-Match"] = tag end
    requests[#requests + 1] = wrk.format("GET", arguments[2] .. "?" .. query, head)
  end
end

function request()
  at = at + 1
  if at > #requests then
    if not again then
      io.stderr:write("the questions have run out\n")
      os.exit(3)
    end
    at = 1
  end
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"failed":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
