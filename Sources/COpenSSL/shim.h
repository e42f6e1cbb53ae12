#ifndef LATEXP_COPENSSL_SHIM_H
#define LATEXP_COPENSSL_SHIM_H

// What Swift cannot import of OpenSSL: function-like macros. Nothing else is here.

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Names the server in the client's hello (SNI).
static inline long latexp_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, (void *)name);
}

/// Refuses protocol versions before TLS 1.2.
static inline long latexp_require_tls12(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/// The octets that wait in a memory BIO.
static inline size_t latexp_bio_pending(BIO *bio) { return (size_t)BIO_pending(bio); }

/// Lets one read of the transport bring whole records, header and body together.
static inline void latexp_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

/// Makes SSL_write take what it can and lets the caller's buffer move between tries.
static inline void latexp_set_write_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

// HMAC-SHA-256 (RFC 2104) for every datagram: OpenSSL's own HMAC allocates for each message, so the two halves of the key are
// hashed once and copied. The functions below are deprecated in favour of those that allocate, and are not going away.

/// A key's two halves, hashed.
struct latexp_message_key {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/// Prepares a key of 32 octets.
static inline void latexp_message_key(struct latexp_message_key *key, const uint8_t octets[32]) {
    uint8_t block[64];
    SHA256_Init(&key->inner);
    SHA256_Init(&key->outer);
    for (int index = 0; index < 64; index++) block[index] = (index < 32 ? octets[index] : 0) ^ 0x36;
    SHA256_Update(&key->inner, block, sizeof block);
    for (int index = 0; index < 64; index++) block[index] ^= 0x36 ^ 0x5c;
    SHA256_Update(&key->outer, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
}

/// The code of a message made of two pieces.
static inline void latexp_message_code(const struct latexp_message_key *key, const void *head, size_t headLength,
                                       const void *body, size_t bodyLength, uint8_t code[32]) {
    SHA256_CTX state = key->inner;
    SHA256_Update(&state, head, headLength);
    SHA256_Update(&state, body, bodyLength);
    SHA256_Final(code, &state);
    state = key->outer;
    SHA256_Update(&state, code, 32);
    SHA256_Final(code, &state);
}

#pragma GCC diagnostic pop

#endif
