"""Load by `wrk` where it is installed and can do what is wanted (a closed loop), else by the project's own generator."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from infra.bench.load import Plan, Result, load
from infra.bench.place import Place

SCRIPT: Final = """
local prefix, number, nth = tostring({}):gsub("%W", "") .. os.time(), 0, 0
local requests = {}
local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
while true do
  local sizes = file:read("*l")
  if not sizes then break end
  local before, after = sizes:match("(%d+) (%d+)")
  local one = {file:read(tonumber(before)), ""}
  if tonumber(after) > 0 then one[2] = file:read(tonumber(after)) end
  requests[#requests + 1] = one
end
function request()
  nth = nth % #requests + 1
  local one = requests[nth]
  if one[2] == "" then return one[1] end
  number = number + 1
  return one[1] .. prefix .. "-" .. number .. one[2]
end
"""


def installed() -> str | None:
    """Where `wrk` is."""
    return shutil.which("wrk")


def generator() -> str:
    """What makes the load, for the table."""
    return "wrk" if installed() else "the project's own generator (uvloop, raw connections, one process)"


def under_load(place: Place, plan: Plan) -> Result:
    """Carry a plan out in another process."""
    found = installed()
    if found is None or plan.rate is not None or plan.noting:
        return msgspec.convert(place.run(load, plan=msgspec.to_builtins(plan)), Result)
    script, requests = place.folder / "load.lua", place.folder / "requests"
    script.write_text(SCRIPT)
    requests.write_bytes(b"".join(f"{len(before)} {len(after)}\n{before}{after}".encode() for before, after in plan.requests))
    _wrk(found, plan, script, requests, plan.warm_up)
    return _wrk(found, plan, script, requests, plan.seconds)


def _wrk(wrk: str, plan: Plan, script: Path, requests: Path, seconds: float) -> Result:
    words = [wrk, "-t1", f"-c{plan.connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), f"http://127.0.0.1:{plan.port}/"]
    told = subprocess.run(words, capture_output=True, text=True, env={"REQUESTS": str(requests)}).stdout
    answered = re.search(r"(\d+) requests in ([\d.]+)s", told)
    if answered is None:
        raise RuntimeError(f"wrk said nothing of its requests: {told[-1000:]}")
    others = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)", told)))
    return Result(int(answered[1]) - others, others, float(answered[2]))
