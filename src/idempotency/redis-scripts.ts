import { LUA_NOW } from '../redis/connection.ts';

/*
 * What the Redis store does, each in one step that nobody can come between. A record is a hash:
 *
 *   fingerprint  of the input
 *   token        of whoever holds it, or held it last
 *   lease        until when they count as alive, in milliseconds of Redis's clock; none when nobody holds it
 *   started      when it was claimed first
 *   progress     what was done so far
 *   doubt        since when nobody waits for something that was sent
 *   result       how it ended
 */

/** KEYS record; ARGV fingerprint, token, lease in ms, time to live in ms. */
export const CLAIM = `${LUA_NOW}
local fields = redis.call('HMGET', KEYS[1], 'fingerprint', 'result', 'lease', 'started', 'doubt', 'progress')
if not fields[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'lease', now + ARGV[3], 'started', now)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {'first'}
end
if fields[1] ~= ARGV[1] then return {'conflict'} end
if fields[2] then return {'done', fields[2]} end
local doubt = fields[5]
if fields[3] then
  if tonumber(fields[3]) > now then return {'busy'} end
  -- The holder has vanished. What they may have sent was in the air until then at the latest.
  doubt = fields[3]
  redis.call('HSET', KEYS[1], 'doubt', doubt)
end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'lease', now + ARGV[3])
return {'resumed', fields[6], tonumber(fields[4]), now - fields[4], doubt and now - doubt}
`;

const IF_MINE = `if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', KEYS[1], 'lease') == 0 then return 0 end
`;

/** KEYS record; ARGV token, lease in ms. */
export const RENEW = `${LUA_NOW}${IF_MINE}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2])
return 1
`;

/** KEYS record; ARGV token, lease in ms, progress, time to live in ms. */
export const SAVE = `${LUA_NOW}${IF_MINE}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2], 'progress', ARGV[3])
redis.call('HDEL', KEYS[1], 'doubt')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, result, time to live in ms. */
export const COMPLETE = `${IF_MINE}
redis.call('HSET', KEYS[1], 'result', ARGV[2])
redis.call('HDEL', KEYS[1], 'lease', 'progress', 'doubt')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** KEYS record; ARGV token, 'kept', 'none' or ms ago, time to live in ms. */
export const SUSPEND = `${LUA_NOW}${IF_MINE}
redis.call('HDEL', KEYS[1], 'lease')
if ARGV[2] == 'none' then
  redis.call('HDEL', KEYS[1], 'doubt')
elseif ARGV[2] ~= 'kept' then
  redis.call('HSET', KEYS[1], 'doubt', now - ARGV[2])
end
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
