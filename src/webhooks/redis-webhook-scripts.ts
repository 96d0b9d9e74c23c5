import { LUA_NOW } from '../redis/lua-now.ts';

/*
 * The operations of the Redis store, each atomic. The keys:
 *
 *   records              hash: request -> its record
 *   due                  sorted set: request -> when its next read is due, in milliseconds on the clock of Redis
 *   queue (per endpoint) hash: request -> a JSON list of messages
 *   turns (per endpoint) sorted set: request -> when its first message is due
 */

/** Text that is not a list of messages counts as one unreadable message, which the delivery gives up. */
const MESSAGES = `local function messagesIn(text)
  local isRead, list = pcall(cjson.decode, text)
  if isRead and type(list) == 'table' and type(list[1]) == 'string' then return list end
  return { text }
end
`;

/** KEYS due, records; ARGV request, record, due in ms, limit of requests, time to live in ms. */
export const WATCH = `${LUA_NOW}
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then return known end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return false end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return ARGV[2]
`;

/** KEYS turns or due, queue or records; ARGV count, lease in ms. Returns the milliseconds until the next one is due, then pairs. */
export const TAKE = `${LUA_NOW}
local taken = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local value = redis.call('HGET', KEYS[2], name)
  if value then
    redis.call('ZADD', KEYS[1], now + ARGV[2], name)
    taken[#taken + 1] = name
    taken[#taken + 1] = value
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
table.insert(taken, 1, first[2] and math.ceil(math.max(0, first[2] - now)) or -1)
return taken
`;

/**
 * KEYS due, records, then turns and queue of each endpoint;
 * ARGV request, expected record, new record or an empty string, due in ms, limit of requests in a queue, time to live in ms of
 * records and of queues, then the messages. Returns the positions of the endpoints whose queues are full, from 1.
 */
export const CHANGE = `${LUA_NOW}${MESSAGES}
local name = ARGV[1]
if redis.call('HGET', KEYS[2], name) ~= ARGV[2] then return false end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
else
  redis.call('HSET', KEYS[2], name, ARGV[3])
  redis.call('ZADD', KEYS[1], now + ARGV[4], name)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
local full = {}
if #ARGV < 8 then return full end
for at = 3, #KEYS, 2 do
  local turns, queue = KEYS[at], KEYS[at + 1]
  local before = redis.call('HGET', queue, name)
  if not before and redis.call('HLEN', queue) >= tonumber(ARGV[5]) then
    full[#full + 1] = (at - 1) / 2
  else
    local list = before and messagesIn(before) or {}
    for message = 8, #ARGV do list[#list + 1] = ARGV[message] end
    redis.call('HSET', queue, name, cjson.encode(list))
    redis.call('ZADD', turns, 'NX', now, name)
    redis.call('PEXPIRE', turns, ARGV[7])
    redis.call('PEXPIRE', queue, ARGV[7])
  end
end
return full
`;

/** KEYS due; ARGV request, due in ms. */
export const BRING_FORWARD = `${LUA_NOW}
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and tonumber(due) > now + ARGV[2] then redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) end
return 1
`;

/** KEYS turns, queue; ARGV request, first message, its replacement or an empty string, due in ms. */
export const REPLACE_FIRST = `${LUA_NOW}${MESSAGES}
local before = redis.call('HGET', KEYS[2], ARGV[1])
if not before then return 0 end
local list = messagesIn(before)
if list[1] ~= ARGV[2] then return 0 end
if ARGV[3] == '' then table.remove(list, 1) else list[1] = ARGV[3] end
if #list == 0 then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(list))
  redis.call('ZADD', KEYS[1], now + ARGV[4], ARGV[1])
end
return 1
`;

/** KEYS turns or due. Returns how long the oldest has been due, in milliseconds. */
export const OLDEST = `${LUA_NOW}
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return first[2] and math.max(0, now - first[2]) or 0
`;
