import { expect, test } from 'vitest';
import { FLAGS } from '../../../mocks/sandbox/cli/cli-options.ts';
import { loadConfig, variablesByArea } from '../../../src/config/load.ts';
import { sandboxMisspellingsIn, SANDBOX_VARIABLES } from '../../../src/config/misspellings.ts';
import { mistakesOf } from './support-load.ts';

test.each([
  ['FIRMA_APIKEY', 'FIRMA_API_KEY'],
  ['FIRMA_API_KEYS', 'FIRMA_API_KEY'],
  ['FIRMA_KEY', 'FIRMA_API_KEY'],
  ['FIRMA_AIP_KEY', 'FIRMA_API_KEY'],
  ['firma_api_key', 'FIRMA_API_KEY'],
  ['FIRMA_API_URI', 'FIRMA_API_URL'],
  ['FIRMA_API_KEYFILE', 'FIRMA_API_KEY_FILE'],
  ['FIRMA_STORAGE_HOST', 'FIRMA_STORAGE_HOSTS'],
  ['SIGILLO_LOG_LEVEL', 'LOG_LEVEL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['REDISURL', 'REDIS_URL'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['ALLOWED_HOST', 'ALLOWED_HOSTS'],
  ['AUTH_JWKS_URI', 'AUTH_JWKS_URL'],
  ['AUTH_API_KEY_FILE', 'AUTH_API_KEYS_FILE'],
  ['TENANT_FILE', 'TENANTS_FILE'],
  ['WEBHOOK_FILE', 'WEBHOOKS_FILE'],
  ['TRUSTED_DOCUMENT', 'TRUSTED_DOCUMENTS'],
  ['RATE_LIMIT_PER_MINUTES', 'RATE_LIMIT_PER_MINUTE'],
  ['OTEL_TRACE_EXPORTER', 'OTEL_TRACES_EXPORTER'],
  ['SANDBX_PORT', 'SANDBOX_PORT'],
  ['AUTHH', 'AUTH'],
  ['AUHT', 'AUTH'],
  ['AUT', 'AUTH'],
  ['PORTT', 'PORT'],
  ['HSOT', 'HOST'],
  ['LOG_LEVLE', 'LOG_LEVEL'],
  ['REDIS_RUL', 'REDIS_URL'],
  ['WEBHOOKS_FLIE', 'WEBHOOKS_FILE'],
  ['SANDBOX_PROT', 'SANDBOX_PORT'],
  ['MAX_UPLOAD_BTYE', 'MAX_UPLOAD_BYTES'],
])('%s is a warning: %s is the likely name', (name, likely) => {
  expect(loadConfig({ [name]: 'k3y-that-is-secret' }).warnings).toEqual([
    `${name} is not a variable of Sigillo: did you mean ${likely}?`,
  ]);
});

test.each([
  ['SANDBOX_TIME_SCAL', 'SANDBOX_TIME_SCALE'],
  ['SANDBOX_SRTICT', 'SANDBOX_STRICT'],
  ['SADNBOX_SEED', 'SANDBOX_SEED'],
])('%s is a warning: %s is the likely name, of the sandbox alone', (name, likely) => {
  expect(loadConfig({ [name]: 'x' }).warnings).toEqual([
    `${name} is not a variable of Sigillo: did you mean ${likely}, which only \`npm run sandbox\` reads?`,
  ]);
  expect([...sandboxMisspellingsIn({ [name]: 'x' })]).toEqual([
    `${name} is not a variable of the sandbox: did you mean ${likely}?`,
  ]);
});

test('the sandbox does not warn about its variables and those of the gateway', () => {
  expect(FLAGS.map(({ variable }) => variable)).toEqual(SANDBOX_VARIABLES);
  const names = [
    ...SANDBOX_VARIABLES,
    ...Object.values(variablesByArea).flatMap((area) => Object.keys(area)),
  ];
  expect([...sandboxMisspellingsIn(Object.fromEntries(names.map((name) => [name, 'x'])))]).toEqual([]);
  expect([...sandboxMisspellingsIn({ FIRMA_ENVIRONMENT: 'x', PORTT: 'x', TERM: 'x' })]).toEqual([]);
});

test('an unknown variable with a prefix of Sigillo is a warning without a suggestion', () => {
  expect(loadConfig({ FIRMA_ENVIRONMENT: 'prova' }).warnings).toEqual([
    'FIRMA_ENVIRONMENT is not a variable of Sigillo',
  ]);
});

test('misspelled variables are listed after the mistakes', () => {
  expect(mistakesOf({ FIRMA_APIKEY: 'k3y-that-is-secret', AUTH: 'none', NODE_ENV: 'production' })).toEqual([
    expect.stringMatching(/^FIRMA_API_KEY: is required in production/),
    'FIRMA_APIKEY is not a variable of Sigillo: did you mean FIRMA_API_KEY?',
  ]);
});

test('variables of other programs cause no warning', () => {
  const names = `
    HOME HOSTNAME HOSTS HOSTTYPE PATH PWD OLDPWD TERM USER LANG TZ SHLVL LOGNAME SORT POST PORTS REPORT OAUTH AUTO AUTHOR COST MOST ART CI DEBUG NODE_OPTIONS
    NODE_EXTRA_CA_CERTS NODE_PATH NODE_VERSION npm_config_loglevel npm_lifecycle_event INIT_CWD FORCE_COLOR ALL_PROXY
    FTP_PROXY DATABASE_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_TLS_URL API_KEY API_URL AUTH_SECRET AUTH_URL
    METRICS_ENABLED LOG_FORMAT LOG_FILE GITHUB_TOKEN JWT_SECRET SANDBOX_HOST SANDBOX_STRICT SANDBOX_TIME_SCALE SANDBOX_MODE SANDBOX_ROOT SANDBOX_USER
    LOG_LEVELS_FILE LOG_LABEL NODE_TLS_REJECT_UNAUTHORIZED XDG_DATA_DIRS SSH_AUTH_SOCK DBUS_SESSION_BUS_ADDRESS LS_COLORS
    KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP VSCODE_IPC_HOOK_CLI WEBHOOK_URL HTTP_PORT
    SIGILLO_PORT SIGILLO_PORT_4000_TCP SIGILLO_PORT_4000_TCP_ADDR SIGILLO_SERVICE_HOST SIGILLO_SERVICE_PORT_HTTP
    OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES OTEL_SDK_DISABLED OTEL_LOG_LEVEL OTEL_PROPAGATORS OTEL_METRICS_EXPORTER
    OTEL_LOGS_EXPORTER OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_TIMEOUT OTEL_EXPORTER_OTLP_PROTOCOL
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT OTEL_EXPORTER_OTLP_METRICS_ENDPOINT OTEL_BSP_SCHEDULE_DELAY
  `;
  const env = Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, 'x']),
  );
  expect(loadConfig(env).warnings).toEqual([]);
  // The name of another program, with a similar variable of Sigillo.
  expect(loadConfig({ REDIS_URL: 'redis://a.b', REDIS_URI: 'redis://c.d' }).warnings).toEqual([]);
});
