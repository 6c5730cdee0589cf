-- What wrk sends and how it tells what came of it. Arguments after `--`:
--
--   close          ask for a new connection each
--   upload BYTES   POST a body of that size
--   rules N        /app1/0 to /appN/0 at random, the same sequence in each run
--
-- Without arguments, GET what the command line says. The last line of output is for compare.py.

local requests, next_request = {}, 0

function init(arguments)
  if arguments[1] == "close" then
    wrk.headers["Connection"] = "close"
  elseif arguments[1] == "upload" then
    wrk.method = "POST"
    wrk.body = string.rep("x", tonumber(arguments[2]))
  elseif arguments[1] == "rules" then
    math.randomseed(1)
    for i = 1, 8192 do
      requests[i] = wrk.format("GET", "/app" .. math.random(tonumber(arguments[2])) .. "/0")
    end
    request = function()
      next_request = next_request % #requests + 1
      return requests[next_request]
    end
  end
end

function done(summary)
  local errors = summary.errors
  print(string.format("RESULT requests=%d microseconds=%d bytes=%d connect=%d read=%d write=%d status=%d timeout=%d",
    summary.requests, summary.duration, summary.bytes, errors.connect, errors.read, errors.write, errors.status,
    errors.timeout))
end
