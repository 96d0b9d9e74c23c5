import { LUA_NOW } from '../redis/lua-now.ts';

/*
 * The operations of the Redis store, each atomic. A record is a hash:
 *
 *   fingerprint  of the input
 *   token        of the current or the last holder
 *   lease        when the lease of the holder ends, in milliseconds on the clock of Redis; absent without a holder
 *   progress     the saved progress
 *   sent         when the unresolved call was recorded, on the clock of Redis; absent without an unresolved call
 *   service      the same time on the clock of the service
 *   quiet        when the sender stopped waiting for the response; absent while it may still wait
 *   result       the result
 *
 * A write that needs memory comes first, because a script fails at its first write, and not later, when Redis is out of memory.
 */

/** The time since which Redis has lost no data. It expires after twice the lifetime of a record, so that it outlives all of them. */
const SINCE = `local since = redis.call('GET', KEYS[1])
if not since then
  since = now
  redis.call('SET', KEYS[1], since, 'PX', 2 * ARGV[1])
end
`;

/** KEYS since when records are kept; ARGV time to live in ms. */
export const BEAT = `${LUA_NOW}${SINCE}
redis.call('SET', KEYS[1], since, 'PX', 2 * ARGV[1])
`;

/**
 * KEYS since when records are kept, record; ARGV time to live in ms, fingerprint, token, lease in ms, ms in which holders can
 * restore lost records.
 */
export const CLAIM = `${LUA_NOW}${SINCE}
local fields = redis.call('HMGET', KEYS[2], 'fingerprint', 'result', 'lease', 'progress', 'sent', 'service', 'quiet')
local fingerprint, result, lease, progress, sent, service, quiet = unpack(fields)
local held = lease and tonumber(lease) > now
if not fingerprint or not (held or result or sent or progress) then
  if now - since < tonumber(ARGV[5]) then return {'busy'} end
  redis.call('HSET', KEYS[2], 'fingerprint', ARGV[2], 'token', ARGV[3], 'lease', now + ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
  return {'first', tonumber(since), now - since}
end
if fingerprint ~= ARGV[2] then return {'conflict'} end
if result then return {'done', result} end
if held then return {'busy'} end
-- A holder without a renewal may have waited for the response until the end of its lease.
if sent and not quiet then quiet = lease or now end
redis.call('HSET', KEYS[2], 'token', ARGV[3], 'lease', now + ARGV[4], unpack(quiet and {'quiet', quiet} or {}))
return {'resumed', progress, sent and {tonumber(service), now - sent, now - quiet}, tonumber(since), now - since}
`;

const IF_MINE = `local token, lease = unpack(redis.call('HMGET', KEYS[1], 'token', 'lease'))
if token ~= ARGV[1] or not lease then return 0 end
`;

/** As above. A record that Redis has lost is restored from the holder's data. */
const IF_MINE_OR_LOST = `local token, lease = unpack(redis.call('HMGET', KEYS[1], 'token', 'lease'))
if token and (token ~= ARGV[1] or not lease) then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fingerprint', ARGV[2])
`;

/** KEYS record; ARGV token, fingerprint, lease in ms, time to live in ms, and perhaps of a call: service's time, ms ago. */
export const RENEW = `${LUA_NOW}${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[3])
if not token and ARGV[5] then redis.call('HSET', KEYS[1], 'service', ARGV[5], 'sent', now - ARGV[6]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, lease in ms, service's time in ms, time to live in ms. */
export const RECORD_SEND = `${LUA_NOW}${IF_MINE}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2], 'sent', now, 'service', ARGV[3])
redis.call('HDEL', KEYS[1], 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, fingerprint, lease in ms, progress, time to live in ms. */
export const SAVE = `${LUA_NOW}${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[3], 'progress', ARGV[4])
redis.call('HDEL', KEYS[1], 'sent', 'service', 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
`;

/** KEYS record; ARGV token, fingerprint, result, time to live in ms. */
export const COMPLETE = `${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'result', ARGV[3])
redis.call('HDEL', KEYS[1], 'lease', 'progress', 'sent', 'service', 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, fingerprint, time to live in ms, and perhaps of a call: service's time, ms ago, quiet for ms. */
export const SUSPEND = `${LUA_NOW}${IF_MINE_OR_LOST}
if ARGV[4] then
  redis.call('HSET', KEYS[1], 'service', ARGV[4], 'sent', now - ARGV[5], 'quiet', now - ARGV[6])
else
  redis.call('HDEL', KEYS[1], 'sent', 'service', 'quiet')
end
redis.call('HDEL', KEYS[1], 'lease')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** KEYS record; ARGV token. */
export const FREE = `${IF_MINE}
return redis.call('DEL', KEYS[1])
`;

/** KEYS owner; ARGV name, time to live in ms. */
export const OWN = `local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
