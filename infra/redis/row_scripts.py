"""What happens at once in Redis to a build of a read model. Nothing is written by who stands elsewhere or whose epoch is over."""

import hashlib
from typing import Final

FENCE: Final = """
local told = cjson.decode(ARGV[1])
local there = redis.call('HMGET', KEYS[1], 'log', 'position', 'epoch', 'rows')
if told.from ~= '' and (there[1] ~= told.log or there[2] ~= told.from) then return 'moved' end
if there[3] and tonumber(there[3]) > tonumber(told.epoch) then return 'fenced' end
if told.fill ~= '' and redis.call('HGET', KEYS[1], 'fill') ~= told.fill then return 'fenced' end
if told.from ~= '' and there[4] and tonumber(there[4]) ~= redis.call('HLEN', KEYS[2]) then return 'damaged' end
"""
MOVE: Final = f"""{FENCE}
redis.call('HSET', KEYS[1], 'epoch', told.epoch, 'stream', told.stream, 'version', told.version, 'position', told.to)
return 'ok'
"""
APPLY: Final = f"""{FENCE}
local meta, rows, groups = KEYS[1], KEYS[2], KEYS[3]
local at = 2
local function take(n) local from = at; at = at + n; return from end
for i = 1, told.kept do local a = take(2); redis.call('HSET', rows, ARGV[a], ARGV[a + 1]) end
for i = 1, told.gone do local a = take(1); redis.call('HDEL', rows, ARGV[a]) end
for i = 1, told.sums do local a = take(2)
  if ARGV[a + 1] == '0' then redis.call('HDEL', groups, ARGV[a]) else redis.call('HSET', groups, ARGV[a], ARGV[a + 1]) end end
for i = 1, told.unscored do local a = take(2); redis.call('ZREM', KEYS[4] .. ARGV[a], ARGV[a + 1]) end
for i = 1, told.scored do local a = take(3); redis.call('ZADD', KEYS[4] .. ARGV[a], ARGV[a + 1], ARGV[a + 2]) end
redis.call('HSET', meta, 'log', told.log, 'epoch', told.epoch, 'stream', told.stream, 'version', told.version)
redis.call('HSET', meta, 'rows', redis.call('HLEN', rows))
if told.to ~= '' then redis.call('HSET', meta, 'position', told.to); redis.call('HDEL', meta, 'fill') end
return 'ok'
"""
MOVE_SHA: Final = hashlib.sha1(MOVE.encode(), usedforsecurity=False).hexdigest()
"""The name Redis knows a script by."""
BEGIN: Final = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and tonumber(epoch) > tonumber(ARGV[1]) then return 0 end
if ARGV[2] == 'clear' then redis.call('DEL', KEYS[1]) elseif ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'fill', ARGV[2]) end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return 1
"""
SNAPSHOT: Final = """
local position = redis.call('HGET', KEYS[1], 'position')
local found = {}
for i, key in ipairs(ARGV) do found[i] = redis.call('HGET', KEYS[2], key) end
return {position, found}
"""
