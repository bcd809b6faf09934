#include "load.h"

#include <base/blob.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DER_ROOM 4096

static bool decode(const char *text, uint8_t *room, size_t max, struct bytes *ret)
{
    struct buf out = buf_over(room, max);
    bool good = b64_decode(&out, bytes_of(text, strlen(text)));
    *ret = buf_bytes(&out);
    return good;
}

static bool copy(struct bytes from, struct bytes *ret)
{
    uint8_t *p = malloc(from.n);
    if (p == NULL)
        return false;
    memcpy(p, from.p, from.n);
    *ret = bytes_of(p, from.n);
    return true;
}

static bool write_http(const struct load_options *options, const char *body,
                       struct load_request *ret)
{
    char text[DER_ROOM];
    int n = body == NULL
                ? snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           options->path)
                : snprintf(text, sizeof text,
                           "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Type: application/pkcs10\r\nContent-Length: %zu\r\n\r\n%s",
                           options->path, strlen(body), body);
    return n > 0 && (size_t)n < sizeof text && copy(bytes_of(text, (size_t)n), &ret->http);
}

static bool read_spki(const char *csr_text, struct load_request *ret)
{
    uint8_t room[DER_ROOM];
    struct bytes der;
    struct x509_csr csr;
    const char *why = NULL;
    return decode(csr_text, room, sizeof room, &der) && x509_read_csr(der, &csr, &why) &&
           copy(csr.spki, &ret->spki);
}

static bool read_idevid(const char *certificate, const char *key, struct load_request *ret)
{
    uint8_t room[DER_ROOM];
    struct bytes bytes;
    if (!decode(certificate, room, sizeof room, &bytes))
        return false;
    const uint8_t *at = bytes.p;
    ret->certificate = d2i_X509(NULL, &at, (long)bytes.n);
    if (!decode(key, room, sizeof room, &bytes))
        return false;
    BIO *pem = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    ret->key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    BIO_free(pem);
    return ret->certificate != NULL && ret->key != NULL;
}

static bool read_line(const struct load_options *options, char *line, struct load_request *ret)
{
    char *csr = strsep(&line, " \n");
    char *certificate = strsep(&line, " \n");
    char *key = strsep(&line, " \n");
    if (csr == NULL || !write_http(options, csr, ret) || !read_spki(csr, ret))
        return false;
    if (options->mode == LOAD_KEEPALIVE)
        return true;
    return key != NULL && read_idevid(certificate, key, ret);
}

static enum result read_file(const struct load_options *options, struct load_request *requests,
                             struct err *err)
{
    char path[4096], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/requests", options->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return err_set(err, E_IO, "%s: bench-prepare makes it", path);
    size_t last = options->first + options->count;
    bool good = true;
    for (size_t i = 0; good && i < last; i++) {
        good = getline(&line, &room, file) > 0;
        if (good && i >= options->first)
            good = read_line(options, line, &requests[i - options->first]);
    }
    free(line);
    fclose(file);
    return good ? OK : err_set(err, E_SYNTAX, "%s: fewer than %zu good lines", path, last);
}

enum result load_requests_read(const struct load_options *options, struct load_request **ret,
                               struct err *err)
{
    struct load_request *requests = calloc(options->count, sizeof *requests);
    if (requests == NULL)
        return err_set(err, E_MEMORY, "%zu requests", options->count);
    *ret = requests;
    if (options->mode != LOAD_IDLE)
        return read_file(options, requests, err);
    for (size_t i = 0; i < options->count; i++)
        if (!write_http(options, NULL, &requests[i]))
            return err_set(err, E_MEMORY, "%zu requests", options->count);
    return OK;
}

bool load_answer_is_good(const struct load_request *request, struct bytes body)
{
    uint8_t room[LOAD_ANSWER_ROOM];
    struct buf der = buf_over(room, sizeof room);
    if (request->spki.n == 0)
        return true;
    return b64_decode_lenient(&der, body) &&
           memmem(der.p, der.n, request->spki.p, request->spki.n) != NULL;
}

enum result load_chain_read(const struct load_options *options, SSL_CTX *ctx, struct err *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/subca.pem", options->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return err_set(err, E_IO, "%s: bench-prepare connect makes it", path);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (certificate == NULL || SSL_CTX_add_extra_chain_cert(ctx, certificate) != 1)
        return err_set(err, E_KEY, "%s: not a certificate", path);
    return OK;
}
