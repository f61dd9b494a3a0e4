import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { createIdentity } from '../../../surrogate/certificate.ts';

const identity = createIdentity('vm-abc123', Date.UTC(2026, 0, 31, 23, 59, 59));

describe('the certificate an agent makes at boot', () => {
  const server = createServer({ key: identity.keyPem, cert: identity.certPem }, (socket) => socket.end('hello'));
  afterAll(() => void server.close());

  it('is a P-256 certificate of its own name and key', () => {
    const parsed = new X509Certificate(identity.certPem);
    expect(parsed.subject).toBe('CN=vm-abc123');
    expect(parsed.subjectAltName).toBe('DNS:vm-abc123');
    expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(identity.certSha256);
    expect(new Date(parsed.validFrom).getTime()).toBe(Date.UTC(2026, 0, 29, 23, 59, 59));
  });

  it.each([
    ['as only CA with the VM id as name: trusted', identity.certPem, 'vm-abc123', 'hello'],
    ['under another name: refused', identity.certPem, 'vm-other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [
      'of another VM: refused',
      createIdentity('vm-abc123', Date.now()).certPem,
      'vm-abc123',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
  ])('used %s', async (_name, ca, servername, expected) => {
    if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername });
      socket.on('data', (data) => resolve(data.toString()));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    expect(outcome).toBe(expected);
  });
});
