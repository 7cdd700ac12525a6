// Verifies a signed decision as anybody could who holds the record: the challenge is the digest of the statement.
import { createHash } from "node:crypto";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";

let text = "";
for await (const piece of process.stdin) text += piece;
const { assertion, origin, rpID } = JSON.parse(text);

const { verified, authenticationInfo } = await verifyAuthenticationResponse({
  response: {
    id: assertion.credential,
    rawId: assertion.credential,
    type: "public-key",
    clientExtensionResults: {},
    response: {
      authenticatorData: assertion.authenticator_data,
      clientDataJSON: assertion.client_data_json,
      signature: assertion.signature,
    },
  },
  expectedChallenge: createHash("sha256").update(assertion.statement).digest("base64url"),
  expectedOrigin: origin,
  expectedRPID: rpID,
  requireUserVerification: true,
  credential: { id: assertion.credential, publicKey: new Uint8Array(Buffer.from(assertion.public_key, "base64url")), counter: 0 },
});
if (!verified) throw new Error("the signature is not of this key");
process.stdout.write(JSON.stringify({ verified, userVerified: authenticationInfo.userVerified }));
