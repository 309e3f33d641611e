// A small issuer of OpenID Connect, at which a person signs in by opening the address.

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

export const CLIENT = "contacts";
export const SECRET = "a secret of the client";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * Starts an issuer. Its `person` has the claims of whoever signs in next; without one, the person
 * cancels. While `isDown`, it answers with 503.
 */
export async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const codes = new Map();
  const issuer = { url: "", person: null, isDown: false, stop: () => server.close() };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", issuer.url);
    const answer = (status, value, headers = {}) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    if (issuer.isDown) return answer(503, {});
    if (url.pathname === "/.well-known/openid-configuration") return answer(200, {
      issuer: issuer.url, authorization_endpoint: `${issuer.url}/authorize`, token_endpoint: `${issuer.url}/token`, jwks_uri: `${issuer.url}/keys`,
      response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["RS256"],
      token_endpoint_auth_methods_supported: ["client_secret_post"],
    });
    if (url.pathname === "/keys") return answer(200, { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }] });
    if (url.pathname === "/authorize") {
      const asked = Object.fromEntries(url.searchParams);
      const back = new URL(asked.redirect_uri);
      back.searchParams.set("state", asked.state);
      if (issuer.person) {
        const code = randomUUID();
        codes.set(code, { asked, person: issuer.person });
        back.searchParams.set("code", code);
      } else {
        back.searchParams.set("error", "access_denied");
      }
      return answer(302, {}, { location: back.href });
    }
    let text = "";
    for await (const chunk of request) text += chunk;
    const sent = new URLSearchParams(text);
    const found = codes.get(sent.get("code"));
    codes.delete(sent.get("code"));
    const challenge = createHash("sha256").update(sent.get("code_verifier") ?? "").digest("base64url");
    const isValid = found && found.asked.code_challenge === challenge && found.asked.redirect_uri === sent.get("redirect_uri") && sent.get("client_secret") === SECRET;
    if (!isValid) return answer(400, { error: "invalid_grant" });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer.url, aud: CLIENT, nonce: found.asked.nonce, iat: now, exp: now + 300, ...found.person };
    const signed = `${encode({ alg: "RS256", typ: "JWT", kid: "1" })}.${encode(claims)}`;
    const id_token = `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
    answer(200, { access_token: "unused", token_type: "Bearer", id_token });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  return issuer;
}
