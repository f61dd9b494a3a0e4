import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A self-signed certificate and its private key, both PEM. */
export interface Identity {
  certPem: string;
  keyPem: string;
  /** SHA-256 of the DER certificate, lower-case hex. */
  certSha256: string;
}

const oid = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
};

/**
 * Makes a P-256 key and a certificate whose only name is `name` (subject and SAN), for a client that uses it as its only CA.
 * Node can parse X.509 but not write it, and the libraries that can weigh more than the whole agent: this one shape
 * of certificate (RFC 5280) is written out directly.
 *
 * @param name DNS label, the VM's id
 */
export function createIdentity(name: string, nowMs: number): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(tlv(0x06, Buffer.from(oid.ecdsaWithSha256, 'hex')));
  const distinguishedName = sequence(
    tlv(0x31, sequence(tlv(0x06, Buffer.from(oid.commonName, 'hex')), tlv(0x0c, Buffer.from(name, 'utf8')))),
  );
  const dayMs = 86_400_000;
  // A clock that is off by hours must not make a fresh machine unreachable; the boot nonce bounds its real life.
  const validity = sequence(generalizedTime(nowMs - 2 * dayMs), generalizedTime(nowMs + 400 * dayMs));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const extension = (id: string, critical: boolean, value: Buffer) =>
    sequence(
      tlv(0x06, Buffer.from(id, 'hex')),
      ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []),
      tlv(0x04, value),
    );
  const extensions = sequence(
    extension(oid.basicConstraints, true, sequence(tlv(0x01, Buffer.from([0xff])))),
    extension(oid.subjectAltName, false, sequence(tlv(0x82, Buffer.from(name, 'latin1')))),
  );
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    algorithm,
    distinguishedName,
    validity,
    distinguishedName,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certSha256: createHash('sha256').update(der).digest('hex'),
  };
}

/** DER tag, length, value. */
function tlv(tag: number, value: Buffer): Buffer {
  const n = value.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

function generalizedTime(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return tlv(0x18, Buffer.from(digits, 'latin1'));
}
