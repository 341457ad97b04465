#!/usr/bin/env python3
# Writes records.txt: records of TLS 1.2 and below, by Python's hmac and its cryptography package.
import hmac, struct
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESCCM, ChaCha20Poly1305
try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia
except ImportError:
    Camellia = algorithms.Camellia
CONTENTS = [(22, bytes.fromhex('1400000c') + b'verify_data!'), (23, b'Open sesame'), (23, b''), (21, b'\x01\x00'),
            (23, bytes(range(256)) + b'xyz')]
VERS = {'TLS10': 0x0301, 'TLS11': 0x0302, 'TLS12': 0x0303}
def pat(n, s): return bytes((s + 7 * i) & 255 for i in range(n))
def pseudo(seq, t, v, n): return struct.pack('>QBHH', seq, t, v, n)
def header(t, v, n): return struct.pack('>BHH', t, v, n)
def aead(name, make, key_size, tag):
    key = pat(key_size, 3); implicit = name.find('CHACHA') >= 0
    iv = pat(12 if implicit else 4, 9); out = []
    a = make(key)
    for seq, (t, c) in enumerate(CONTENTS):
        if implicit:
            nonce = bytes(x ^ y for x, y in zip(iv, b'\0' * 4 + struct.pack('>Q', seq))); front = b''
        else:
            front = struct.pack('>Q', seq); nonce = iv + front
        s = front + a.encrypt(nonce, c, pseudo(seq, t, 0x0303, len(c)))
        out.append(header(t, 0x0303, len(s)) + s)
    return out
def macs(cipher, key_size, hash_name, size, ver, etm, long_padding):
    v = VERS[ver]; mk = pat(size, 5); key = pat(key_size, 3); iv = pat(16, 9); out = []
    def mac(seq, t, data): return hmac.new(mk, pseudo(seq, t, v, len(data)) + data, hash_name).digest()
    for seq, (t, c) in enumerate(CONTENTS):
        if cipher is None:
            s = c + mac(seq, t, c)
        else:
            explicit = v != 0x0301
            if explicit: iv = pat(16, 40 + seq)
            inside = c if etm else c + mac(seq, t, c)
            n = 15 - len(inside) % 16
            # As much padding as is allowed, now and then.
            if seq == 1 and long_padding: n += (255 - n) // 16 * 16
            inside += bytes([n]) * (n + 1)
            e = Cipher(cipher(key), modes.CBC(iv)).encryptor()
            enc = e.update(inside) + e.finalize()
            iv = enc[-16:]
            s = (pat(16, 40 + seq) if explicit else b'') + enc
            if etm: s += mac(seq, t, s)
        out.append(header(t, v, len(s)) + s)
    return out
A = algorithms.AES
def emit(title, recs, name='record'):
    if title: print('\n[%s]' % title)
    for i, r in enumerate(recs): print('%s%d = %s' % (name, i, r.hex()))
print("""# Records of TLS 1.2 and below, written by make_records.py. A title is suite, version, and EtM where the MAC is over what is
# encrypted (RFC 7366). Of a CBC suite record1 has as much padding as there may be; sealed0 and so on have as little.""")
emit('contents', [bytes([t]) + c for t, c in CONTENTS], 'content')
for n, mk, k, t in [('AES_128_GCM_SHA256', AESGCM, 16, 16), ('AES_256_GCM_SHA384', AESGCM, 32, 16),
                    ('AES_128_CCM', lambda k: AESCCM(k, 16), 16, 16), ('AES_128_CCM_8', lambda k: AESCCM(k, 8), 16, 8),
                    ('AES_256_CCM', lambda k: AESCCM(k, 16), 32, 16), ('AES_256_CCM_8', lambda k: AESCCM(k, 8), 32, 8),
                    ('CHACHA20_POLY1305_SHA256', ChaCha20Poly1305, 32, 16)]:
    emit('TLS_PSK_WITH_%s TLS12' % n, aead(n, mk, k, t))
for suite, cipher, k, h, size in [
    ('TLS_PSK_WITH_AES_128_CBC_SHA', A, 16, 'sha1', 20), ('TLS_PSK_WITH_AES_256_CBC_SHA', A, 32, 'sha1', 20),
    ('TLS_PSK_WITH_AES_128_CBC_SHA256', A, 16, 'sha256', 32), ('TLS_PSK_WITH_AES_256_CBC_SHA384', A, 32, 'sha384', 48),
    ('TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256', Camellia, 16, 'sha256', 32),
    ('TLS_PSK_WITH_CAMELLIA_256_CBC_SHA384', Camellia, 32, 'sha384', 48),
    ('TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA', Camellia, 16, 'sha1', 20),
    ('TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA', Camellia, 32, 'sha1', 20),
    ('TLS_DHE_RSA_WITH_AES_256_CBC_SHA256', A, 32, 'sha256', 32), ('TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256', Camellia, 32, 'sha256', 32),
    ('TLS_PSK_WITH_NULL_SHA', None, 0, 'sha1', 20), ('TLS_PSK_WITH_NULL_SHA256', None, 0, 'sha256', 32),
    ('TLS_PSK_WITH_NULL_SHA384', None, 0, 'sha384', 48), ('TLS_RSA_WITH_NULL_MD5', None, 0, 'md5', 16)]:
    for ver in VERS if not suite.endswith('256_CBC_SHA256') else ['TLS12']:
        for etm in ([False, True] if cipher else [False]):
            emit(suite + ' ' + ver + (' EtM' if etm else ''), macs(cipher, k, h, size, ver, etm, True))
            if cipher and ver == 'TLS10': emit(None, macs(cipher, k, h, size, ver, etm, False), 'sealed')
