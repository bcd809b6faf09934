#include <crypto/pem.h>

#include "fail.h"
#include "free.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>

struct block {
    char *label, *header;
    unsigned char *der;
    long n;
};

static void block_free(struct block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_free(block->der);
}

static bool has_label(const struct block *block, const char *label)
{
    if (strcmp(label, PEM_CSR) == 0 && strcmp(block->label, PEM_STRING_X509_REQ_OLD) == 0)
        return true;
    return strcmp(block->label, label) == 0;
}

/* The next block of that label; R_NOT_FOUND at the end. */
static enum result next_block(BIO *bio, const char *label, struct blob *ret, struct err *err)
{
    for (;;) {
        CLEANUP(block_free) struct block block = {0};
        if (PEM_read_bio(bio, &block.label, &block.header, &block.der, &block.n) != 1) {
            bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            if (!is_end)
                return fail_openssl(err, E_SYNTAX, "the PEM text is damaged (RFC 7468)");
            forget_openssl_errors();
            return R_NOT_FOUND;
        }
        if (!has_label(&block, label))
            continue;
        if (blob_copy(bytes_of(block.der, (size_t)block.n), ret) != OK)
            return err_set(err, E_MEMORY, "no memory for a PEM block");
        return OK;
    }
}

static BIO *open_text(struct bytes text)
{
    return text.n > INT_MAX ? NULL : BIO_new_mem_buf(text.p, (int)text.n);
}

enum result pem_read_all(struct bytes text, const char *label, size_t max, struct blob *ret,
                         size_t *ret_n, struct err *err)
{
    CLEANUP(bio_freep) BIO *bio = open_text(text);
    if (bio == NULL)
        return err_set(err, E_MEMORY, "the PEM text cannot be read");

    size_t n = 0;
    enum result result = OK;
    while (result == OK) {
        struct blob block = {0};
        result = next_block(bio, label, &block, err);
        if (result == OK && n == max) {
            result = err_set(err, E_TOO_LARGE, "more than %zu blocks \"%s\"", max, label);
            blob_free(&block);
        } else if (result == OK) {
            ret[n++] = block;
        }
    }
    if (result == R_NOT_FOUND && n == 0)
        result = err_set(err, E_SYNTAX, "no PEM block \"%s\" (RFC 7468)", label);
    if (result == R_NOT_FOUND) {
        *ret_n = n;
        return OK;
    }
    while (n > 0)
        blob_free(&ret[--n]);
    return result;
}

enum result pem_read(struct bytes text, const char *label, struct blob *ret, struct err *err)
{
    struct blob one = {0};
    size_t n = 0;

    enum result result = pem_read_all(text, label, 1, &one, &n, err);
    if (result == R_LIMIT)
        return err_set(err, E_SYNTAX, "more than one PEM block \"%s\"", label);
    TRY(result);
    *ret = one;
    return OK;
}

enum result pem_or_der_read(struct bytes file, const char *label, struct blob *ret, struct err *err)
{
    if (file.n == 0 || file.p[0] != 0x30)
        return pem_read(file, label, ret, err);
    if (blob_copy(file, ret) != OK)
        return err_set(err, E_MEMORY, "no memory for a file");
    return OK;
}

enum result pem_write(struct bytes der, const char *label, struct blob *ret, struct err *err)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio == NULL || PEM_write_bio(bio, label, "", der.p, (long)der.n) <= 0)
        return fail_openssl(err, E_MEMORY, "the PEM text cannot be written");
    long n = BIO_get_mem_data(bio, &text);
    if (blob_copy(bytes_of(text, (size_t)n), ret) != OK)
        return err_set(err, E_MEMORY, "no memory for PEM text");
    return OK;
}
