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
#include <stdlib.h>

#if defined(__linux__)
#include <malloc.h>
#endif

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

#if defined(__linux__)
// The small block that OpenSSL gave back last on this thread, for its next small block.
struct latexp_spare {
    void *block;
    size_t size;
};

static inline struct latexp_spare *latexp_spare(void) {
    static _Thread_local struct latexp_spare spare;
    return &spare;
}

static inline void *latexp_take_block(size_t size, const char *file, int line) {
    (void)file, (void)line;
    struct latexp_spare *spare = latexp_spare();
    if (!spare->block || size > spare->size) return malloc(size);
    void *block = spare->block;
    spare->block = NULL;
    return block;
}

static inline void *latexp_resize_block(void *block, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return realloc(block, size);
}

static inline void latexp_give_block(void *block, const char *file, int line) {
    (void)file, (void)line;
    struct latexp_spare *spare = latexp_spare();
    size_t size = block && !spare->block ? malloc_usable_size(block) : 0;
    if (size == 0 || size > 64) return free(block);
    spare->block = block;
    spare->size = size;
}
#endif

/// Lets OpenSSL use the block again that it gave back last; 1, or 0 when it has taken memory already and goes on as it did.
///
/// OpenSSL 3.0 takes and gives back one block of 40 octets for each TLS 1.3 record: it writes the record's associated data
/// through a WPACKET. With this a message costs no allocation.
static inline int latexp_keep_spare_block(void) {
#if defined(__linux__)
    return CRYPTO_set_mem_functions(latexp_take_block, latexp_resize_block, latexp_give_block);
#else
    return 0;
#endif
}

#endif
