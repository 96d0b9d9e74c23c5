/** Sets `now` in scripts, in milliseconds of the clock of Redis, so that the clocks of the gateways do not matter. */
export const LUA_NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;
