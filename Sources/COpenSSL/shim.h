#ifndef LATEXP_COPENSSL_SHIM_H
#define LATEXP_COPENSSL_SHIM_H

// What Swift cannot import of OpenSSL: function-like macros. Nothing else is here.

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/// Keeps OpenSSL from reading the host's openssl.cnf: call before anything else of it. 1, or 0 when it is too late.
static inline int latexp_ignore_configuration(void) { return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, 0); }

/// Copies the common name of a subject or an issuer, or else all of it in one line; the length.
static inline size_t latexp_name_text(const X509_NAME *name, char *text, int size) {
    text[0] = 0;
    if (name && X509_NAME_get_text_by_NID((X509_NAME *)name, NID_commonName, text, size) <= 0)
        X509_NAME_oneline(name, text, size);
    return strlen(text);
}

/// Copies the certificate's name with this number, a host name or an address: its length, 0 for another kind of name, -1 when
/// there are no more.
static inline long latexp_alternative_name(const X509 *certificate, int number, char *text, size_t size) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, 0, 0);
    long length = -1;
    if (names && number < sk_GENERAL_NAME_num(names)) {
        int type;
        const ASN1_STRING *value = (const ASN1_STRING *)GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, number), &type);
        length = 0;
        if (type == GEN_DNS || type == GEN_IPADD) {
            const unsigned char *octets = ASN1_STRING_get0_data(value);
            size_t count = (size_t)ASN1_STRING_length(value);
            if (type == GEN_DNS && count < size) {
                memcpy(text, octets, count);
                length = (long)count;
            } else if (type == GEN_IPADD && (count == 4 || count == 16)) {
                if (inet_ntop(count == 4 ? AF_INET : AF_INET6, octets, text, (socklen_t)size)) length = (long)strlen(text);
            }
        }
    }
    GENERAL_NAMES_free(names);
    return length;
}

/// The calendar time of a certificate's date, UTC; 1, or 0 when it makes no sense.
static inline int latexp_certificate_time(const X509 *certificate, int isEnd, struct tm *time) {
    return ASN1_TIME_to_tm(isEnd ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate), time);
}

#endif
