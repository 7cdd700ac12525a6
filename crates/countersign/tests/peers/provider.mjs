// Identity providers for the tests: two that are certified software (`alpha`, `beta`) with accounts and a plain form to sign
// in, and one that is crooked and issues whatever token its code names. Told where to send browsers back to, it prints one
// line of JSON with its issuers once all of them listen, and ends when its standard input does.
//
//   node provider.mjs http://127.0.0.1:7171

import http from 'node:http';
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const [back] = process.argv.slice(2);
const CLIENT = { id: 'countersign', secret: 'a secret between the two of us' };

// The accounts of each issuer; a test may change one with POST /accounts/<id>.
const accounts = {
  alpha: {
    'mia-1': { name: 'Mia Stone', email: 'mia@example.com', email_verified: true, groups: ['acme-finance', 'unheard-of'] },
    'leo-1': { name: 'Leo Park', email: 'leo@example.com', email_verified: true, groups: [] },
    'mia-2': { name: 'Mia Stone', email: 'mia@example.com', email_verified: true },
    'gone-1': { name: 'Max Gone', email: 'max@example.com', email_verified: true },
    'unverified': { name: 'Ana Costa', email: 'ana@example.com', email_verified: false },
    'nobody': { name: 'Nobody Here', email: 'nobody@example.com', email_verified: true },
  },
  beta: {
    'm.stone': { name: 'M. Stone', email: 'stone@other.example', email_verified: true },
    'look-alike': { name: 'Mia Stone', email: 'MIA@example.com', email_verified: true },
  },
};

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const body = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};

async function honest(name) {
  const server = http.createServer();
  const issuer = await listen(server);
  const keys = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.privateKey)), use: 'sig', alg: 'RS256', kid: name };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [`${back}/login/with/${name}/callback`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    jwks: { keys: [jwk] },
    cookies: { keys: [randomUUID()] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => accounts[name][id] && { accountId: id, claims: () => ({ sub: id, ...accounts[name][id] }) },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.on('request', async (request, response) => {
    const path = new URL(request.url, issuer).pathname;
    const account = path.match(/^\/accounts\/(.+)$/);
    const interaction = path.match(/^\/interaction\/[\w-]+$/);
    if (account) {
      Object.assign(accounts[name][account[1]], JSON.parse(await body(request)));
      return response.end();
    }
    if (interaction && request.method === 'GET') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      return response.end(`<!doctype html><title>${name}</title><form method="post"><label>Account <input name="account" autofocus></label><button>Sign in</button></form>`);
    }
    if (interaction) {
      const login = { accountId: new URLSearchParams(await body(request)).get('account') };
      return provider.interactionFinished(request, response, { login });
    }
    return serve(request, response);
  });
  return issuer;
}

// What is wrong with the token that a code of this name gets: changes of claims, header or key.
const crooked = (issuer, now) => ({
  'good': {},
  'wrong-nonce': { claims: { nonce: 'another' } },
  'no-nonce': { claims: { nonce: undefined } },
  'wrong-audience': { claims: { aud: 'somebody-else' } },
  'more-audiences': { claims: { aud: [CLIENT.id, 'somebody-else'] } },
  'wrong-issuer': { claims: { iss: `${issuer}/other` } },
  'expired': { claims: { iat: now - 7200, exp: now - 3600 } },
  'other-key': { key: 'other' },
  'unsigned': { header: { alg: 'none' } },
  'shared-secret': { header: { alg: 'HS256' }, key: 'secret' },
  'other-access-token': { claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } },
  'long-subject': { claims: { sub: 'x'.repeat(300) } },
});

async function liar() {
  const server = http.createServer();
  const issuer = await listen(server);
  const [own, other] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), use: 'sig', alg: 'RS256', kid: 'liar' };
  const keys = { own: own.privateKey, other: other.privateKey, secret: new TextEncoder().encode(CLIENT.secret) };
  const nonces = new Map();
  const token = async (code, nonce) => {
    const now = Math.floor(Date.now() / 1000);
    const { claims = {}, header = {}, key = 'own' } = crooked(issuer, now)[code] ?? {};
    const all = { iss: issuer, aud: CLIENT.id, sub: 'mia-1', nonce, iat: now, exp: now + 600, ...claims };
    if (header.alg === 'none') {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none' })}.${part(all)}.`;
    }
    return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'liar', ...header }).sign(keys[key]);
  };
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    const answer = (value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return answer({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        });
      case '/keys':
        return answer({ keys: [jwk] });
      case '/authorize': // remembers the nonce under the challenge, as the code is the test's to choose
        nonces.set(url.searchParams.get('code_challenge'), url.searchParams.get('nonce'));
        return response.end();
      case '/token': {
        const form = new URLSearchParams(await body(request));
        const challenge = createHash('sha256').update(form.get('code_verifier')).digest('base64url');
        if (form.get('code') === 'huge') return response.end('x'.repeat(2_000_000));
        if (form.get('code') === 'redirect') return response.writeHead(307, { location: `${issuer}/elsewhere` }).end();
        const id_token = await token(form.get('code'), nonces.get(challenge));
        return answer({ access_token: 'opaque', token_type: 'Bearer', expires_in: 600, id_token });
      }
      default:
        return response.writeHead(404).end();
    }
  });
  return issuer;
}

const [alpha, beta, liarIssuer] = [await honest('alpha'), await honest('beta'), await liar()];
console.log(JSON.stringify({ alpha, beta, liar: liarIssuer, client: CLIENT }));
process.stdin.resume().on('end', () => process.exit());
