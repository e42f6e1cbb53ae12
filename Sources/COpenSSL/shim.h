#ifndef LATEXP_COPENSSL_SHIM_H
#define LATEXP_COPENSSL_SHIM_H

// What Swift cannot import of OpenSSL: function-like macros. Nothing else is here.

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
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

#endif
