import { LUA_NOW } from '../../redis/connection.ts';

/*
 * What the window does that several gateways share, each in one step that nobody can come between. Of one issuer's key:
 *
 *   places    of calls that count: when each leaves the window, in milliseconds of Redis's clock
 *   gateways  that use the key: when each was last heard of
 *   waiting   those of them that want more places than there were: when each asked last
 *   state     foreign, foreignUntil: calls that somebody else makes with the key, and how long to reckon with them
 *             closedUntil: the service has refused a call for the rate
 *             left: how many calls have left the window
 */

/** How long a gateway counts that is not heard of. */
const PRESENT_MS = 60_000;
/** How long a gateway counts as waiting that does not ask again. */
const WAITING_MS = 1_000;
/** After which one that left some to others may ask for the rest, in case they do not come. */
const COURTESY_MS = 20;

const NOW = `${LUA_NOW}
local left = redis.call('HINCRBY', KEYS[4], 'left', redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now))
`;

const FOREIGN = `local function foreign()
  local state = redis.call('HMGET', KEYS[4], 'foreign', 'foreignUntil')
  if tonumber(state[2] or 0) <= now then return 0 end
  return tonumber(state[1])
end
`;

/**
 * Takes up to `wanted` places, as long as `spare` stay free. When others wait too, an equal part of what there is.
 * KEYS places, gateways, waiting, state; ARGV gateway, wanted, spare, calls, window, transit, first number
 * @returns places taken, milliseconds until there may be more, gateways that use the key, calls that have left by now
 */
export const TAKE = `${NOW}${FOREIGN}
local me, wanted, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
redis.call('ZADD', KEYS[2], now, me)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ${PRESENT_MS})
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ${WAITING_MS})
redis.call('ZADD', KEYS[3], now, me)
local gateways = redis.call('ZCARD', KEYS[2])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${PRESENT_MS} + window) end

local closedUntil = tonumber(redis.call('HGET', KEYS[4], 'closedUntil') or 0)
if closedUntil > now then return {0, math.ceil(closedUntil - now), gateways, left} end

local free = ARGV[4] - redis.call('ZCARD', KEYS[1]) - foreign() - ARGV[3]
local part = math.ceil(free / redis.call('ZCARD', KEYS[3]))
local taken = math.max(0, math.min(wanted, part))
for number = ARGV[7], ARGV[7] + taken - 1 do
  redis.call('ZADD', KEYS[1], now + ARGV[6] + window, me .. ':' .. number)
end
redis.call('PEXPIRE', KEYS[1], ${PRESENT_MS} + window)
if taken == wanted then
  redis.call('ZREM', KEYS[3], me)
  return {taken, 0, gateways, left}
end
if taken < free then return {taken, ${COURTESY_MS}, gateways, left} end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local nextAt = tonumber(first[2] or now + window)
if foreign() > 0 then nextAt = math.min(nextAt, tonumber(redis.call('HGET', KEYS[4], 'foreignUntil'))) end
return {taken, math.ceil(nextAt - now), gateways, left}
`;

/**
 * An answer has begun: the call leaves the window one window from now, if not before. What the service would take, beyond
 * the calls that are known here, is what somebody else has made: a lower bound, as any call may be among those known that
 * was in the window at some time since this one was sent.
 * KEYS as above; ARGV place, calls, window, remaining or nothing, calls that had left when it was sent
 */
export const ANSWER = `${NOW}${FOREIGN}
local leaves = redis.call('ZSCORE', KEYS[1], ARGV[1])
if leaves and tonumber(leaves) > now + ARGV[3] then redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1]) end
if ARGV[4] == '' then return 0 end
local own = redis.call('ZCARD', KEYS[1]) + math.max(0, left - ARGV[5])
local calls = ARGV[2] - ARGV[4] - own
if calls <= 0 or calls < foreign() then return 0 end
redis.call('HSET', KEYS[4], 'foreign', calls, 'foreignUntil', now + ARGV[3])
return 1
`;

/**
 * The service has refused a call: nobody makes one for so long, and then those who took the places are reckoned with.
 * KEYS as above; ARGV closed for, window
 */
export const CLOSE = `${NOW}
local closedUntil = math.max(now + ARGV[1], tonumber(redis.call('HGET', KEYS[4], 'closedUntil') or 0))
redis.call('HSET', KEYS[4], 'closedUntil', closedUntil, 'foreignUntil', closedUntil + ARGV[2])
redis.call('HSETNX', KEYS[4], 'foreign', 0)
redis.call('PEXPIRE', KEYS[4], ${PRESENT_MS} + ARGV[2])
return 1
`;
